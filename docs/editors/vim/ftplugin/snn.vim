if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal comments=:# commentstring=#\ %s formatoptions-=t formatoptions+=croql
setlocal shiftwidth=2 expandtab suffixesadd=.snn
let b:undo_ftplugin = "setlocal comments< commentstring< formatoptions< shiftwidth< expandtab< suffixesadd<"
