"""place.py OUT.nir N: N layers in a row that fit cores 0, 1 and 2 only: 16 features of 64x64, kernel 1x1."""
import os
import sys

out, n = sys.argv[1], int(sys.argv[2])
shape, words, chain = "(16,64,64)", ["input=Input(shape=[1,64,64])", "output=Output(shape=[16,64,64])"], ["input"]
for i in range(n):
    words += [f"c{i}=Conv2d(input_shape=[64,64],weight=ones((16,{16 if i else 1},1,1)),stride=[1,1],padding=[0,0],dilation=[1,1],groups=1,bias=zeros(16))",
              f"a{i}=IF(r=ones({shape}),v_threshold=ones({shape}))"]
    chain += [f"c{i}", f"a{i}"]
make = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "make_nir.py")
os.execv(sys.executable, [sys.executable, make, out, *words, "->".join([*chain, "output"])])
