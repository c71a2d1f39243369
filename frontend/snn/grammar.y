/* frontend/snn/grammar.y: the grammar of the network language, LALR(1) without conflicts. docs/language.md has the same rules for people. */
%code top {
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#define YYMAXDEPTH 10000
}
%code requires {
#include "frontend/snn/parser.h"
#define SNN_YYLTYPE snn_span
#define SNN_YYLTYPE_IS_DECLARED 1
}
%code {
#include <string.h>

static int snn_yylex_of(SNN_YYSTYPE *value, snn_span *span, void *scanner);
#define snn_yylex snn_yylex_of
static void snn_yyerror(snn_span *span, snn_parser *p, void *scanner, const char *message);

#define YYLLOC_DEFAULT(current, rhs, n) \
  ((current) = (n) ? (snn_span){YYRHSLOC(rhs, 1).line, YYRHSLOC(rhs, 1).column, YYRHSLOC(rhs, n).last_line, YYRHSLOC(rhs, n).last_column} \
                   : (snn_span){YYRHSLOC(rhs, 0).last_line, YYRHSLOC(rhs, 0).last_column, YYRHSLOC(rhs, 0).last_line, YYRHSLOC(rhs, 0).last_column})

/* Lists grow at their end, which the first element does not know: a list is its last element, in a ring. */
#define RING_ADD(ring, element) ((ring) ? ((element)->next = (ring)->next, (ring)->next = (element)) : ((element)->next = (element)))
#define RING_OPEN(ring, first) ((ring) ? ((first) = (ring)->next, (ring)->next = NULL) : ((first) = NULL))

static bool version(snn_parser *p, snn_span s, const char *number, const char *unit);
static nirc_snn_stmt *statements(nirc_snn_stmt *ring);
static nirc_snn_arg *arguments(nirc_snn_arg *ring);
static nirc_snn_expr *with_args(nirc_snn_expr *e, nirc_snn_arg *ring);
static nirc_snn_endpoint *endpoint(snn_parser *p, snn_span s, nirc_snn_part *ring);
static nirc_snn_endpoint *arrow(nirc_snn_endpoint *e, snn_parser *p, snn_span s, bool feedback);
}
%define api.pure full
%define api.prefix {snn_yy}
%define parse.error custom
%define parse.lac full
%locations
%parse-param {snn_parser *p} {void *scanner}
%lex-param {void *scanner}

%union {
  const char *text;
  struct { const char *text, *unit; } number;
  struct { const char *text; bool quoted; } name;
  nirc_snn_expr *expr;
  nirc_snn_arg *args;                                /* rings: the last of a list */
  nirc_snn_part *parts;
  nirc_snn_endpoint *ends;
  nirc_snn_stmt *stmt;
  struct { nirc_snn_stmt *body; uint32_t line; } block;
  bool flag;
}

%token NIRC "nirc" IMPORT "import" CONST "const" TEMPLATE "template" NETWORK "network" GRAPH "graph" IN "in" OUT "out" REPEAT "repeat"
%token ARROW "->" FEEDBACK "~>" RANGE ".."
%token <text> IDENT "a name" STRING "text in quotes" METADATA "metadata" BITS "bits of a number"
%token <number> NUMBER "a number"

%type <stmt> items item const stmts stmt
%type <block> block
%type <expr> expr call list shape group shaped
%type <args> args args_open arg elements elements_open entries entries_open entry params params_open param parenthesised indices
%type <parts> parts part
%type <ends> endpoint chain
%type <name> name
%type <flag> port

%left '+' '-'
%left '*' '/'
%precedence NEGATIVE

%%

file: version items         { p->file->items = statements($2); }
    ;
version: "nirc" NUMBER      { p->file->head_line = @1.line; if (!version(p, @2, $2.text, $2.unit)) YYABORT; }
    ;
items: %empty               { $$ = NULL; }
    | items item            { if ($2) RING_ADD($1, $2); $$ = $2 ? $2 : $1; }
    ;
item: "import" STRING       { $$ = snn_stmt(p, NIRC_SNN_IMPORT, @$, $2, @2); }
    | const
    | "template" IDENT '(' params ')' block {
        $$ = snn_stmt(p, NIRC_SNN_TEMPLATE, @$, $2, @2);
        $$->args = arguments($4); $$->body = $6.body; $$->body_line = $6.line;
      }
    | "network" name parenthesised block {
        $$ = snn_stmt(p, NIRC_SNN_NETWORK, @$, $2.text, @2);
        $$->quoted = $2.quoted; $$->args = arguments($3); $$->body = $4.body; $$->body_line = $4.line;
      }
    | error                 { $$ = NULL; }
    ;
const: "const" IDENT '=' expr { $$ = snn_stmt(p, NIRC_SNN_CONST, @$, $2, @2); $$->value = $4; }
    ;
parenthesised: %empty       { $$ = NULL; }
    | '(' args ')'          { $$ = $2; }
    ;

params: %empty              { $$ = NULL; }
    | params_open           { $$ = $1; }
    | params_open ','       { $$ = $1; }
    ;
params_open: param          { RING_ADD((nirc_snn_arg *)NULL, $1); $$ = $1; }
    | params_open ',' param { RING_ADD($1, $3); $$ = $3; }
    ;
param: IDENT                { $$ = snn_arg(p, $1, @1, NULL); }
    | IDENT '=' expr        { $$ = snn_arg(p, $1, @1, $3); }
    ;

block: '{' stmts '}'        { $$.body = statements($2); $$.line = @3.line; }
    ;
stmts: %empty               { $$ = NULL; }
    | stmts stmt            { if ($2) RING_ADD($1, $2); $$ = $2 ? $2 : $1; }
    ;
stmt: port name             { $$ = snn_stmt(p, $1 ? NIRC_SNN_IN : NIRC_SNN_OUT, @$, $2.text, @2); $$->quoted = $2.quoted; }
    | port name ':' expr    { $$ = snn_stmt(p, $1 ? NIRC_SNN_IN : NIRC_SNN_OUT, @$, $2.text, @2); $$->quoted = $2.quoted; $$->value = $4; }
    | const
    | "metadata" group      { $$ = snn_stmt(p, NIRC_SNN_METADATA, @$, NULL, @1); $$->value = $2; }
    | endpoint '=' call     { $$ = snn_stmt(p, NIRC_SNN_NODE, @$, NULL, @1); $$->path = $1; $$->value = $3; }
    | endpoint '=' "graph" call { $$ = snn_stmt(p, NIRC_SNN_NODE_GRAPH, @$, NULL, @1); $$->path = $1; $$->value = $4; }
    | "graph" name block    { $$ = snn_stmt(p, NIRC_SNN_GRAPH, @$, $2.text, @2); $$->quoted = $2.quoted; $$->body = $3.body; $$->body_line = $3.line; }
    | chain                 { $$ = snn_stmt(p, NIRC_SNN_CHAIN, @$, NULL, @1); RING_OPEN($1, $$->path); }
    | "repeat" IDENT "in" expr ".." expr block {
        $$ = snn_stmt(p, NIRC_SNN_REPEAT, @$, $2, @2);
        $$->value = $4; $$->last = $6; $$->body = $7.body; $$->body_line = $7.line;
      }
    | error                 { $$ = NULL; }
    ;
port: "in"                  { $$ = true; }
    | "out"                 { $$ = false; }
    ;
name: IDENT                 { $$.text = $1; $$.quoted = false; }
    | STRING                { $$.text = $1; $$.quoted = true; }
    ;

chain: endpoint "->" endpoint { RING_ADD((nirc_snn_endpoint *)NULL, $1); $$ = arrow($3, p, @2, false); RING_ADD($1, $$); }
    | endpoint "~>" endpoint  { RING_ADD((nirc_snn_endpoint *)NULL, $1); $$ = arrow($3, p, @2, true); RING_ADD($1, $$); }
    | chain "->" endpoint     { $$ = arrow($3, p, @2, false); RING_ADD($1, $$); }
    | chain "~>" endpoint     { $$ = arrow($3, p, @2, true); RING_ADD($1, $$); }
    ;
endpoint: parts             { $$ = endpoint(p, @$, $1); }
    ;
parts: part                 { RING_ADD((nirc_snn_part *)NULL, $1); $$ = $1; }
    | parts '.' part        { RING_ADD($1, $3); $$ = $3; }
    ;
part: IDENT indices         { $$ = NIRC_NEW(p->arena, nirc_snn_part); $$->name = $1; $$->loc = snn_loc(p, @$); $$->indices = arguments($2); }
    | STRING                { $$ = NIRC_NEW(p->arena, nirc_snn_part); $$->name = $1; $$->quoted = true; $$->loc = snn_loc(p, @$); }
    ;
indices: %empty             { $$ = NULL; }
    | indices '[' expr ']'  { nirc_snn_arg *a = snn_arg(p, NULL, @3, $3); RING_ADD($1, a); $$ = a; }
    ;

call: IDENT shape '(' args ')' {
        $$ = snn_expr(p, NIRC_SNN_CALL, @$, $1);
        $$->name_loc = snn_loc(p, @1); $$->shape = $2; $$ = with_args($$, $4);
      }
    | IDENT shape '(' error ')' { $$ = snn_expr(p, NIRC_SNN_CALL, @$, $1); $$->name_loc = snn_loc(p, @1); }
    ;
shape: %empty               { $$ = NULL; }
    | list
    ;
args: %empty                { $$ = NULL; }
    | args_open             { $$ = $1; }
    | args_open ','         { $$ = $1; }
    ;
args_open: arg              { RING_ADD((nirc_snn_arg *)NULL, $1); $$ = $1; }
    | args_open ',' arg     { RING_ADD($1, $3); $$ = $3; }
    ;
arg: expr                   { $$ = snn_arg(p, NULL, @1, $1); }
    | IDENT '=' expr        { $$ = snn_arg(p, $1, @1, $3); }
    | "metadata" '=' expr   { $$ = snn_arg(p, $1, @1, $3); }
    ;
list: '[' elements ']'      { $$ = with_args(snn_expr(p, NIRC_SNN_LIST, @$, NULL), $2); }
    ;
elements: %empty            { $$ = NULL; }
    | elements_open         { $$ = $1; }
    | elements_open ','     { $$ = $1; }
    ;
elements_open: expr         { $$ = snn_arg(p, NULL, @1, $1); RING_ADD((nirc_snn_arg *)NULL, $$); }
    | elements_open ',' expr { $$ = snn_arg(p, NULL, @3, $3); RING_ADD($1, $$); }
    ;
group: '{' entries '}'      { $$ = with_args(snn_expr(p, NIRC_SNN_GROUP, @$, NULL), $2); }
    ;
entries: %empty             { $$ = NULL; }
    | entries_open          { $$ = $1; }
    | entries_open ','      { $$ = $1; }
    ;
entries_open: entry         { RING_ADD((nirc_snn_arg *)NULL, $1); $$ = $1; }
    | entries_open ',' entry { RING_ADD($1, $3); $$ = $3; }
    ;
entry: name '=' expr        { $$ = snn_arg(p, $1.text, @1, $3); $$->quoted = $1.quoted; }
    | "metadata" '=' expr   { $$ = snn_arg(p, $1, @1, $3); $$->quoted = true; }
    ;

expr: NUMBER                { $$ = snn_expr(p, NIRC_SNN_NUMBER, @$, $1.text); $$->unit = $1.unit; }
    | BITS                  { $$ = snn_expr(p, NIRC_SNN_BITS, @$, $1); }
    | STRING                { $$ = snn_expr(p, NIRC_SNN_STRING, @$, $1); }
    | '@' STRING            { $$ = snn_expr(p, NIRC_SNN_FILE, @$, $2); }
    | IDENT                 { $$ = snn_expr(p, NIRC_SNN_NAME, @$, $1); }
    | shaped
    | list
    | group
    | '(' expr ')'          { $$ = $2; $$->parentheses = true; }
    | '-' expr %prec NEGATIVE { $$ = snn_operation(p, '-', @$, $2, NULL); }
    | expr '+' expr         { $$ = snn_operation(p, '+', @$, $1, $3); }
    | expr '-' expr         { $$ = snn_operation(p, '-', @$, $1, $3); }
    | expr '*' expr         { $$ = snn_operation(p, '*', @$, $1, $3); }
    | expr '/' expr         { $$ = snn_operation(p, '/', @$, $1, $3); }
    ;
shaped: IDENT list          { $$ = snn_expr(p, NIRC_SNN_INDEX, @$, $1); $$->name_loc = snn_loc(p, @1); $$->args = $2->args; $$->depth = $2->depth + 1; }
    | call
    ;

%%

#undef snn_yylex
int snn_yylex(SNN_YYSTYPE *value, snn_span *span, void *scanner);

static int snn_yylex_of(SNN_YYSTYPE *value, snn_span *span, void *scanner)
{
  return snn_yylex(value, span, scanner);
}

/* Before anything else is read, which another version may write otherwise. */
static bool version(snn_parser *p, snn_span s, const char *number, const char *unit)
{
  p->file->version = number;
  if (strcmp(number, "1") == 0 && !unit)
    return true;
  snn_fault(p, s, "version %s%s%s of the language is not known, version 1 is", number, unit ? " " : "", unit ? unit : "");
  return false;
}

static nirc_snn_stmt *statements(nirc_snn_stmt *ring)
{
  nirc_snn_stmt *first;
  RING_OPEN(ring, first);
  return first;
}

static nirc_snn_arg *arguments(nirc_snn_arg *ring)
{
  nirc_snn_arg *first;
  RING_OPEN(ring, first);
  return first;
}

static nirc_snn_expr *with_args(nirc_snn_expr *e, nirc_snn_arg *ring)
{
  e->args = arguments(ring);
  for (const nirc_snn_arg *a = e->args; a; a = a->next)
    if (a->value && a->value->depth >= e->depth)
      e->depth = a->value->depth + 1;
  return e;
}

static nirc_snn_endpoint *endpoint(snn_parser *p, snn_span s, nirc_snn_part *ring)
{
  nirc_snn_endpoint *e = NIRC_NEW(p->arena, nirc_snn_endpoint);
  e->loc = snn_loc(p, s);
  RING_OPEN(ring, e->parts);
  return e;
}

static nirc_snn_endpoint *arrow(nirc_snn_endpoint *e, snn_parser *p, snn_span s, bool feedback)
{
  e->arrow = snn_loc(p, s);
  e->feedback = feedback;
  return e;
}

/* As a message names it: words of the language in quotes. */
static const char *symbol_text(const snn_parser *p, yysymbol_kind_t symbol)
{
  const char *name = symbol == YYSYMBOL_YYEOF ? "the end of the file" : yysymbol_name(symbol);
  return symbol == YYSYMBOL_YYEMPTY ? "this" : strchr(name, ' ') || name[0] == '\'' ? name : nirc_arena_printf(p->arena, "'%s'", name);
}

static bool is_operator(yysymbol_kind_t symbol)
{
  const char *name = yysymbol_name(symbol);
  return name[0] == '\'' && name[1] && strchr("+-*/", name[1]);
}

/* What is there, and what may be there instead; an operator may be wherever an expression ends, which need not be said. */
static int yyreport_syntax_error(const yypcontext_t *context, snn_parser *p, void *scanner)
{
  (void)scanner;
  if (p->stopped)
    return 0;
  enum { MOST = 10 };
  yysymbol_kind_t wanted[MOST];
  int all = yypcontext_expected_tokens(context, wanted, MOST), n = 0;
  for (int i = 0; i < all; i++)
    if (!is_operator(wanted[i]))
      wanted[n++] = wanted[i];
  const snn_span *span = yypcontext_location(context);
  if (n == 1 && wanted[0] == YYSYMBOL_NIRC) {
    snn_fault(p, *span, "a file begins with the word nirc and the version of the language, as in nirc 1");
    p->skip_line = span->line;
    return 0;
  }
  char text[256] = "";
  for (int i = 0; i < n && n <= 6; i++) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "; wanted: " : i == n - 1 ? " or " : ", ", symbol_text(p, wanted[i]));
  }
  snn_fault(p, *span, "%s is not expected here%s", symbol_text(p, yypcontext_token(context)), text);
  p->skip_line = span->line;
  return 0;
}

static void snn_yyerror(snn_span *span, snn_parser *p, void *scanner, const char *message)
{
  (void)scanner;
  (void)message;                                     /* the only one that comes this way: the stack is full */
  snn_limit(p, *span, "this is nested deeper than the parser can follow");
}
