autocmd BufRead,BufNewFile *.snn setfiletype snn
autocmd BufRead,BufNewFile *.nirt setfiletype nirt
