if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
" IR text has no comments
setlocal comments= commentstring= formatoptions-=t
setlocal shiftwidth=2 expandtab
let b:undo_ftplugin = "setlocal comments< commentstring< formatoptions< shiftwidth< expandtab<"
