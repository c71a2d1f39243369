" Vim syntax of nirc's IR text (.nirt); printed by `nirc --print-editor vim-nirt`, not to be edited.
if exists("b:current_syntax")
  finish
endif
syn case match
syn sync minlines=200

syn match nirtKeyword /^\s*\%(nirt\ze\s\|module\>\|blob\>\)/
syn match nirtKeyword /\<attributes\ze\s*{/
syn match nirtKeyword /\<loc\ze(/
syn match nirtKeyword /\<\%(splat\|dense\|strings\)\ze</
syn match nirtKeyword /\<elided\ze\s/
syn match nirtNumber /\%(\w\)\@1<!-\?\d\+\%(\.\d\+\)\?\%([eE][-+]\?\d\+\)\?\w\@!/
syn match nirtNumber /\<0x\x\+/
syn match nirtKey /\%(\w\+\|"\%([^"\\]\|\\.\)*"\)\ze\s*=/
syn match nirtHeader /\<\%(level\|path\|source_hash\)\ze\s*=/
syn match nirtAttribute /\<\%(version\|dt\|activity\|shape\|start_dim\|end_dim\|input_type\|weight\|bias\|scale\|delay\|threshold\|input_shape\|stride\|padding\|dilation\|groups\|kernel_size\|r\|v_threshold\|v_reset\|tau\|v_leak\|tau_syn\|tau_mem\|w_in\|profile\|reset\|target\|most_events\|chip\|name\|latency\|init\|first\|row\|before\|steps\|takes\|gives\|equation\|counts\|g\|k\|k_syn\|k_mem\|alpha\|beta\|step\|keep_u\|keep_v\|theta\|dash_syn\|dash_mem\|v_low\|limit\|drive\|v_scale\|index\|most\|node\|cores\|placement\|map\|to_zero\|to\|pooling\|inputs\|core\|synapse\|metadata\|edge\|probe\)\ze\s*=/
syn match nirtChoice /\<\%(nir\|snn\|hw\)\ze\s*[,}]/
syn match nirtOp /\<\%(nir\.graph\|nir\.input\|nir\.output\|nir\.identity\|nir\.flatten\|nir\.linear\|nir\.affine\|nir\.scale\|nir\.delay\|nir\.threshold\|nir\.conv1d\|nir\.conv2d\|nir\.sum_pool2d\|nir\.avg_pool2d\|nir\.i\|nir\.if\|nir\.li\|nir\.lif\|nir\.cuba_li\|nir\.cuba_lif\|snn\.step\|snn\.input\|snn\.output\|snn\.probe\|snn\.state\|snn\.update\|snn\.add\|snn\.dense\|snn\.sparse_dense\|snn\.conv\|snn\.sum_pool\|snn\.avg_pool\|snn\.scale\|snn\.threshold\|snn\.reshape\|snn\.delay_read\|snn\.delay_write\|snn\.advance\|snn\.neuron\|snn\.population\|snn\.operand\|hw\.project\|hw\.place\|hw\.cores\|hw\.core\|hw\.slice\)\%([A-Za-z0-9_.]\)\@!/
syn match nirtType /\<\%(i1\|i8\|i16\|i32\|i64\|u8\|u16\|u32\|u64\|f16\|f32\|f64\)\>\%(\[[0-9, ]*\]\)\?/
syn match nirtType /?/
syn region nirtString start=/"/ skip=/\\./ end=/"/ oneline contains=nirtBadEscape,nirtEscape
syn match nirtKey /"\%([^"\\]\|\\.\)*"\ze\s*=/
syn match nirtBadEscape /\\./ contained
syn match nirtEscape /\\\%(["\\]\|x\x\x\)/ contained
syn region nirtHex matchgroup=nirtKeyword start=/\<hex"/ end=/"/
syn match nirtValue /%\%(\w\+\|"\%([^"\\]\|\\.\)*"\)\%(\~\d\+\)\?\%(#\d\+\)\?/
syn match nirtValueDeclared /%\%(\w\+\|"\%([^"\\]\|\\.\)*"\)\ze\s*=/
syn match nirtSymbol /@\%(\w\+\|"\%([^"\\]\|\\.\)*"\)/
syn match nirtBlob /@w\d\+\ze\s*[>:]/

hi def link nirtKeyword Keyword
hi def link nirtNumber Number
hi def link nirtHeader Keyword
hi def link nirtKey Identifier
hi def link nirtAttribute Identifier
hi def link nirtChoice Constant
hi def link nirtOp Function
hi def link nirtType Type
hi def link nirtString String
hi def link nirtEscape SpecialChar
hi def link nirtBadEscape Error
hi def link nirtHex String
hi def link nirtValue Identifier
hi def link nirtValueDeclared Identifier
hi def link nirtSymbol Function
hi def link nirtBlob Identifier

let b:current_syntax = "nirt"
