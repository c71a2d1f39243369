" Vim syntax of nirc's network language (.snn); printed by `nirc --print-editor vim-snn`, not to be edited.
if exists("b:current_syntax")
  finish
endif
syn case match
syn sync minlines=200

syn match snnComment /#.*$/ contains=snnTodo,@Spell
syn keyword snnTodo TODO FIXME contained

" words: each says what may be named behind it
syn keyword snnKeyword nirc import
syn keyword snnKeyword const nextgroup=snnConstant skipwhite
syn keyword snnKeyword in out network nextgroup=snnDeclared skipwhite
syn keyword snnKeyword graph nextgroup=snnGraph skipwhite
syn keyword snnKeyword template nextgroup=snnTemplate skipwhite
syn keyword snnKeyword repeat nextgroup=snnLoop skipwhite
syn match snnConstant /\h\w*/ contained
syn match snnDeclared /\%(\h\w*\|"\%([^"\\]\|\\.\)*"\)/ contained
syn match snnGraph /\%(\h\w*\|"\%([^"\\]\|\\.\)*"\)\ze\s*{/ contained
syn match snnTemplate /\h\w*/ contained nextgroup=snnTemplateParameters skipwhite
syn match snnLoop /\h\w*\s\+in\>/ contained contains=snnLoopIn
syn match snnLoopIn /\<in\>/ contained

" values
syn cluster snnValue contains=snnComment,snnString,snnFile,snnNumber,snnSpecial,snnOperator,snnCall,snnFunction,snnPrimitive,snnType,snnArguments,snnList
syn match snnOperator ;[-+*/=]\|\.\.;
syn match snnSpecial /\<\%(inf\|nan\)\>/
syn match snnNumber /\<\d\+\%(\.\d\+\)\?\%([eE][-+]\?\d\+\)\?/ nextgroup=snnUnit skipwhite
syn match snnNumber /\<0x\x\+/
syn match snnUnit /\%(s\|ms\|us\|ns\|kV\|V\|mV\|uV\|GOhm\|MOhm\|kOhm\|Ohm\|mOhm\|A\|mA\|uA\|nA\|pA\|MHz\|kHz\|Hz\|F\|mF\|uF\|nF\|pF\|S\|mS\|uS\|nS\)\>/ contained
syn match snnCall /\<\h\w*\ze\s*(/
syn match snnFunction /\<\%(abs\|bernoulli\|ceil\|eye\|floor\|linspace\|max\|min\|normal\|ones\|reshape\|round\|sqrt\|transpose\|uniform\|zeros\)\ze\s*(/
syn match snnPrimitive /\<\%(Input\|Output\|Flatten\|Linear\|Affine\|Scale\|Delay\|Threshold\|Conv1d\|Conv2d\|SumPool2d\|AvgPool2d\|I\|IF\|LI\|LIF\|CubaLI\|CubaLIF\)\ze\s*[[(]/
syn match snnType /\<\%(i1\|i8\|i16\|i32\|i64\|u8\|u16\|u32\|u64\|f16\|f32\|f64\)\ze\s*[[(]/
syn region snnString start=/"/ skip=/\\./ end=/"/ oneline contains=snnBadEscape,snnEscape
syn match snnBadEscape /\\./ contained
syn match snnEscape /\\\%(["\\]\|x\x\x\)/ contained
syn match snnFile /@\ze"/
syn region snnList matchgroup=snnDelimiter start=/\[/ end=/\]/ contains=@snnValue
syn region snnArguments matchgroup=snnDelimiter start=/(/ end=/)/ contains=@snnValue,snnArgument,snnParameter,snnMetadata
syn region snnTemplateParameters matchgroup=snnDelimiter start=/(/ end=/)/ contained contains=@snnValue,snnTemplateParameter
syn match snnTemplateParameter /\%([(,]\_s*\)\@<=\h\w*/ contained
syn match snnArgument /\<\h\w*\ze\s*=/ contained
syn match snnParameter /\<\%(shape\|start_dim\|end_dim\|input_type\|weight\|bias\|scale\|delay\|threshold\|input_shape\|stride\|padding\|dilation\|groups\|kernel_size\|r\|v_threshold\|v_reset\|tau\|v_leak\|tau_syn\|tau_mem\|w_in\)\ze\s*=/ contained
syn region snnMetadata matchgroup=snnKeyword start=/\<metadata\>\s*=\?\s*{/ end=/}/ contains=@snnValue,snnKey,snnGroup
syn region snnGroup matchgroup=snnDelimiter start=/{/ end=/}/ contained contains=@snnValue,snnKey,snnGroup
syn match snnKey /\%(\h\w*\|"\%([^"\\]\|\\.\)*"\)\ze\s*=/ contained

" nodes, where they are declared and at edges
syn match snnNodeDeclared /\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\%(\.\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\)*\ze\s*=/
syn match snnNode /\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\%(\.\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\)*\ze\s*\%(->\|\~>\)/
syn match snnNode /^\s*\zs\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\%(\.\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\)*\ze\s*\%(#.*\)\?$/
syn match snnNodeReached /\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\%(\.\%(\<\h\w*\%(\[[^]]*\]\)*\|"\%([^"\\]\|\\.\)*"\)\)*/ contained
syn match snnArrow /->/ nextgroup=snnNodeReached skipwhite
syn match snnFeedback /\~>/ nextgroup=snnNodeReached skipwhite

hi def link snnComment Comment
hi def link snnTodo Todo
hi def link snnKeyword Keyword
hi def link snnLoopIn Keyword
hi def link snnConstant Constant
hi def link snnSpecial Constant
hi def link snnDeclared Identifier
hi def link snnGraph Identifier
hi def link snnTemplate Function
hi def link snnTemplateParameter Identifier
hi def link snnLoop Identifier
hi def link snnOperator Operator
hi def link snnNumber Number
hi def link snnUnit Special
hi def link snnCall Function
hi def link snnFunction Function
hi def link snnPrimitive Type
hi def link snnType Type
hi def link snnString String
hi def link snnEscape SpecialChar
hi def link snnBadEscape Error
hi def link snnFile Operator
hi def link snnDelimiter Delimiter
hi def link snnArgument Identifier
hi def link snnParameter Identifier
hi def link snnKey Identifier
hi def link snnNodeDeclared Identifier
hi def link snnNode Identifier
hi def link snnNodeReached Identifier
hi def link snnArrow Statement
hi def link snnFeedback Exception

let b:current_syntax = "snn"
