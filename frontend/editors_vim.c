/* frontend/editors_vim.c: the grammars as syntax files of Vim. Where several items begin at one place, Vim takes a keyword, else the last in the file. */
#include "frontend/editors.h"

static const nirc_editor_part snn_parts[] = {
  {"ident", "\\h\\w*"},
  {"text", "\"\\%([^\"\\\\]\\|\\\\.\\)*\""},
  {"name", "\\%(<ident>\\|<text>\\)"},
  {"piece", "\\%(\\<<ident>\\%(\\[[^]]*\\]\\)*\\|<text>\\)"},
  {"endpoint", "<piece>\\%(\\.<piece>\\)*"},
  {"decimal", "\\d\\+\\%(\\.\\d\\+\\)\\?\\%([eE][-+]\\?\\d\\+\\)\\?"},
  {NULL, NULL},
};

static const char snn[] =
  "syn case match\n"
  "syn sync minlines=200\n"
  "\n"
  "syn match snnComment /#.*$/ contains=snnTodo,@Spell\n"
  "syn keyword snnTodo TODO FIXME contained\n"
  "\n"
  "\" words: each says what may be named behind it\n"
  "syn keyword snnKeyword nirc import\n"
  "syn keyword snnKeyword const nextgroup=snnConstant skipwhite\n"
  "syn keyword snnKeyword in out network nextgroup=snnDeclared skipwhite\n"
  "syn keyword snnKeyword graph nextgroup=snnGraph skipwhite\n"
  "syn keyword snnKeyword template nextgroup=snnTemplate skipwhite\n"
  "syn keyword snnKeyword repeat nextgroup=snnLoop skipwhite\n"
  "syn match snnConstant /<ident>/ contained\n"
  "syn match snnDeclared /<name>/ contained\n"
  "syn match snnGraph /<name>\\ze\\s*{/ contained\n"
  "syn match snnTemplate /<ident>/ contained nextgroup=snnTemplateParameters skipwhite\n"
  "syn match snnLoop /<ident>\\s\\+in\\>/ contained contains=snnLoopIn\n"
  "syn match snnLoopIn /\\<in\\>/ contained\n"
  "\n"
  "\" values\n"
  "syn cluster snnValue contains=snnComment,snnString,snnFile,snnNumber,snnSpecial,snnOperator,snnCall,snnFunction,snnPrimitive,snnType,snnArguments,snnList\n"
  "syn match snnOperator ;[-+*/=]\\|\\.\\.;\n"
  "syn match snnSpecial /\\<\\%(inf\\|nan\\)\\>/\n"
  "syn match snnNumber /\\<<decimal>/ nextgroup=snnUnit skipwhite\n"
  "syn match snnNumber /\\<0x\\x\\+/\n"
  "syn match snnUnit /\\%(<units>\\)\\>/ contained\n"
  "syn match snnCall /\\<<ident>\\ze\\s*(/\n"
  "syn match snnFunction /\\<\\%(<functions>\\)\\ze\\s*(/\n"
  "syn match snnPrimitive /\\<\\%(<primitives>\\)\\ze\\s*[[(]/\n"
  "syn match snnType /\\<\\%(<dtypes>\\)\\ze\\s*[[(]/\n"
  "syn region snnString start=/\"/ skip=/\\\\./ end=/\"/ oneline contains=snnBadEscape,snnEscape\n"
  "syn match snnBadEscape /\\\\./ contained\n"
  "syn match snnEscape /\\\\\\%([\"\\\\]\\|x\\x\\x\\)/ contained\n"
  "syn match snnFile /@\\ze\"/\n"
  "syn region snnList matchgroup=snnDelimiter start=/\\[/ end=/\\]/ contains=@snnValue\n"
  "syn region snnArguments matchgroup=snnDelimiter start=/(/ end=/)/ contains=@snnValue,snnArgument,snnParameter,snnMetadata\n"
  "syn region snnTemplateParameters matchgroup=snnDelimiter start=/(/ end=/)/ contained contains=@snnValue,snnTemplateParameter\n"
  "syn match snnTemplateParameter /\\%([(,]\\_s*\\)\\@<=<ident>/ contained\n"
  "syn match snnArgument /\\<<ident>\\ze\\s*=/ contained\n"
  "syn match snnParameter /\\<\\%(<parameters>\\)\\ze\\s*=/ contained\n"
  "syn region snnMetadata matchgroup=snnKeyword start=/\\<metadata\\>\\s*=\\?\\s*{/ end=/}/ contains=@snnValue,snnKey,snnGroup\n"
  "syn region snnGroup matchgroup=snnDelimiter start=/{/ end=/}/ contained contains=@snnValue,snnKey,snnGroup\n"
  "syn match snnKey /<name>\\ze\\s*=/ contained\n"
  "\n"
  "\" nodes, where they are declared and at edges\n"
  "syn match snnNodeDeclared /<endpoint>\\ze\\s*=/\n"
  "syn match snnNode /<endpoint>\\ze\\s*\\%(->\\|\\~>\\)/\n"
  "syn match snnNode /^\\s*\\zs<endpoint>\\ze\\s*\\%(#.*\\)\\?$/\n"
  "syn match snnNodeReached /<endpoint>/ contained\n"
  "syn match snnArrow /->/ nextgroup=snnNodeReached skipwhite\n"
  "syn match snnFeedback /\\~>/ nextgroup=snnNodeReached skipwhite\n"
  "\n"
  "hi def link snnComment Comment\n"
  "hi def link snnTodo Todo\n"
  "hi def link snnKeyword Keyword\n"
  "hi def link snnLoopIn Keyword\n"
  "hi def link snnConstant Constant\n"
  "hi def link snnSpecial Constant\n"
  "hi def link snnDeclared Identifier\n"
  "hi def link snnGraph Identifier\n"
  "hi def link snnTemplate Function\n"
  "hi def link snnTemplateParameter Identifier\n"
  "hi def link snnLoop Identifier\n"
  "hi def link snnOperator Operator\n"
  "hi def link snnNumber Number\n"
  "hi def link snnUnit Special\n"
  "hi def link snnCall Function\n"
  "hi def link snnFunction Function\n"
  "hi def link snnPrimitive Type\n"
  "hi def link snnType Type\n"
  "hi def link snnString String\n"
  "hi def link snnEscape SpecialChar\n"
  "hi def link snnBadEscape Error\n"
  "hi def link snnFile Operator\n"
  "hi def link snnDelimiter Delimiter\n"
  "hi def link snnArgument Identifier\n"
  "hi def link snnParameter Identifier\n"
  "hi def link snnKey Identifier\n"
  "hi def link snnNodeDeclared Identifier\n"
  "hi def link snnNode Identifier\n"
  "hi def link snnNodeReached Identifier\n"
  "hi def link snnArrow Statement\n"
  "hi def link snnFeedback Exception\n";

static const nirc_editor_part nirt_parts[] = {
  {"text", "\"\\%([^\"\\\\]\\|\\\\.\\)*\""},
  {"name", "\\%(\\w\\+\\|<text>\\)"},
  {NULL, NULL},
};

static const char nirt[] =
  "syn case match\n"
  "syn sync minlines=200\n"
  "\n"
  "syn match nirtKeyword /^\\s*\\%(nirt\\ze\\s\\|module\\>\\|blob\\>\\)/\n"
  "syn match nirtKeyword /\\<attributes\\ze\\s*{/\n"
  "syn match nirtKeyword /\\<loc\\ze(/\n"
  "syn match nirtKeyword /\\<\\%(splat\\|dense\\|strings\\)\\ze</\n"
  "syn match nirtKeyword /\\<elided\\ze\\s/\n"
  "syn match nirtNumber /\\%(\\w\\)\\@1<!-\\?\\d\\+\\%(\\.\\d\\+\\)\\?\\%([eE][-+]\\?\\d\\+\\)\\?\\w\\@!/\n"
  "syn match nirtNumber /\\<0x\\x\\+/\n"
  "syn match nirtKey /<name>\\ze\\s*=/\n"
  "syn match nirtHeader /\\<\\%(level\\|path\\|source_hash\\)\\ze\\s*=/\n"
  "syn match nirtAttribute /\\<\\%(<attributes>\\)\\ze\\s*=/\n"
  "syn match nirtChoice /\\<\\%(<choices>\\)\\ze\\s*[,}]/\n"
  "syn match nirtOp /\\<\\%(<mnemonics>\\)\\%([A-Za-z0-9_.]\\)\\@!/\n"
  "syn match nirtType /\\<\\%(<dtypes>\\)\\>\\%(\\[[0-9, ]*\\]\\)\\?/\n"
  "syn match nirtType /?/\n"
  "syn region nirtString start=/\"/ skip=/\\\\./ end=/\"/ oneline contains=nirtBadEscape,nirtEscape\n"
  "syn match nirtKey /<text>\\ze\\s*=/\n"
  "syn match nirtBadEscape /\\\\./ contained\n"
  "syn match nirtEscape /\\\\\\%([\"\\\\]\\|x\\x\\x\\)/ contained\n"
  "syn region nirtHex matchgroup=nirtKeyword start=/\\<hex\"/ end=/\"/\n"
  "syn match nirtValue /%<name>\\%(\\~\\d\\+\\)\\?\\%(#\\d\\+\\)\\?/\n"
  "syn match nirtValueDeclared /%<name>\\ze\\s*=/\n"
  "syn match nirtSymbol /@<name>/\n"
  "syn match nirtBlob /@w\\d\\+\\ze\\s*[>:]/\n"
  "\n"
  "hi def link nirtKeyword Keyword\n"
  "hi def link nirtNumber Number\n"
  "hi def link nirtHeader Keyword\n"
  "hi def link nirtKey Identifier\n"
  "hi def link nirtAttribute Identifier\n"
  "hi def link nirtChoice Constant\n"
  "hi def link nirtOp Function\n"
  "hi def link nirtType Type\n"
  "hi def link nirtString String\n"
  "hi def link nirtEscape SpecialChar\n"
  "hi def link nirtBadEscape Error\n"
  "hi def link nirtHex String\n"
  "hi def link nirtValue Identifier\n"
  "hi def link nirtValueDeclared Identifier\n"
  "hi def link nirtSymbol Function\n"
  "hi def link nirtBlob Identifier\n";

void nirc_editor_vim(nirc_strbuf *b, const nirc_editor_part *words, bool is_nirt)
{
  const char *language = is_nirt ? "nirt" : "snn";
  nirc_strbuf_addf(b,
                   "\" Vim syntax of nirc's %s (.%s); printed by `nirc --print-editor vim-%s`, not to be edited.\n"
                   "if exists(\"b:current_syntax\")\n"
                   "  finish\n"
                   "endif\n",
                   is_nirt ? "IR text" : "network language", language, language);
  nirc_editor_expand(b, is_nirt ? nirt : snn, words, is_nirt ? nirt_parts : snn_parts);
  nirc_strbuf_addf(b, "\nlet b:current_syntax = \"%s\"\n", language);
}
