" vim_syntax.vim: asks Vim for the syntax groups of an example (textmate.py says what its lines `#~ KIND=TEXT` mean) and writes what differs to a file.
" Variables: g:example, its path; g:report, the file to write.
let s:kinds = {
  \ 'snn': {'keyword': '^snn\(Keyword\|LoopIn\|Metadata\)$', 'constant': '^snnConstant$', 'number': '^snnNumber$', 'unit': '^snnUnit$', 'comment': '^snnComment$',
  \   'string': '^snnString$', 'escape': '^snnEscape$', 'badescape': '^snnBadEscape$', 'template': '^snnTemplate$', 'formal': '^snnTemplateParameter$',
  \   'primitive': '^snnPrimitive$', 'parameter': '^snnParameter$', 'argument': '^snnArgument$', 'function': '^snnFunction$', 'call': '^snnCall$',
  \   'node': '^snnNodeDeclared$', 'declared': '^snn\(Declared\|Graph\)$', 'edge': '^snn\(Node\|NodeReached\)$', 'type': '^snnType$', 'arrow': '^snnArrow$',
  \   'feedback': '^snnFeedback$', 'operator': '^snnOperator$', 'key': '^snnKey$', 'file': '^snnFile$', 'special': '^snn\(Special\|Constant\)$', 'loop': '^snnLoop$',
  \   'none': '^\(\|snnList\|snnArguments\|snnTemplateParameters\)$'},
  \ 'nirt': {'keyword': '^nirtKeyword$', 'header': '^nirtHeader$', 'choice': '^nirtChoice$', 'string': '^nirt\(String\|Hex\)$', 'escape': '^nirtEscape$',
  \   'number': '^nirtNumber$', 'op': '^nirtOp$', 'symbol': '^nirtSymbol$', 'attribute': '^nirtAttribute$', 'type': '^nirtType$', 'declared': '^nirtValueDeclared$',
  \   'value': '^nirtValue$', 'blob': '^nirtBlob$', 'key': '^nirtKey$'}}

" First column (from 0) of the Nth `text` of the line, not inside a longer word where there are so many; -1: there is none.
function s:Column(line, text, number)
  let before = a:text =~ '^\w' ? '\w\@1<!' : ''
  let after = a:text =~ '\w$' ? '\w\@!' : ''
  let at = match(a:line, '\C' . before . '\V' . escape(a:text, '\') . '\m' . after, 0, a:number)
  return at >= 0 ? at : match(a:line, '\C\V' . escape(a:text, '\'), 0, a:number)
endfunction

function s:Check(number, line, about)
  let [all, kind, text, nth; rest] = matchlist(a:about, '\v^(\w+)\=(.{-})%(\@(\d))?$')
  let at = s:Column(a:line, text, nth == '' ? 1 : str2nr(nth))
  if at < 0
    return [a:line, '  ' . text . ' does not stand there']
  endif
  let groups = map(range(at, at + len(text) - 1), {_, column -> synIDattr(synID(a:number, column + 1, 1), 'name')})
  if !has_key(s:kinds[&filetype], kind)
    return [a:line, '  no such kind: ' . kind]
  endif
  let wrong = filter(copy(groups), {_, group -> group !~ '\C' . s:kinds[&filetype][kind]})
  return empty(wrong) ? [] : [a:line, '  ' . text . ' should be ' . kind . ', is ' . string(groups)]
endfunction

function s:Main()
  let [lines, said] = [[], []]
  for line in readfile(g:example)
    if line =~ '^#\~ '
      let said[-1] += split(line[3:])
    else
      call add(lines, line)
      call add(said, [])
    endif
  endfor
  execute 'edit' fnameescape(g:report . '.' . fnamemodify(g:example, ':e'))      | " named as such a file, so that ftdetect and ftplugin are tried, too
  call setline(1, lines)
  let faults = &filetype == fnamemodify(g:example, ':e') ? [] : ['the type of the file was not detected']
  let checked = 0
  if empty(faults)
    for i in range(len(lines))
      for about in said[i]
        let faults += s:Check(i + 1, lines[i], about)
        let checked += 1
      endfor
    endfor
    let wanted = &filetype == 'snn' ? '# %s' : ''
    let faults += &commentstring == wanted ? [] : ['commentstring is ' . &commentstring]
  endif
  let faults += checked >= 20 ? [] : ['hardly anything was checked']
  call writefile(empty(faults) ? [checked . ' places as they should be'] : faults, g:report)
endfunction

call s:Main()
qall!
