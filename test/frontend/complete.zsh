# complete.zsh FOLDER: as complete.bash. The lines are typed into a shell of their own, where every word that compadd takes is written down.
zmodload zsh/zpty || exit 1
folder=$1 work=$(mktemp -d)
trap 'rm -rf $work' EXIT
cat >$work/setup <<'END'
PROMPT=
fpath=($folder $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
  local -a taken
  if [[ " ${argv[1,${argv[(i)(-|--)]}]} " != *\ -[a-zA-Z]#[OAD]\ * ]]; then     # those only ask what would fit
    builtin compadd -A taken "$@"
    print -rl -- $taken >>$work/answer
  fi
  builtin compadd "$@"
}
tell() { zle complete-word; print -- --done-- >>$work/answer; BUFFER= }
zle -N tell
bindkey '^I' tell
print -- --done-- >>$work/answer
END
await() {
  local ignored i
  for ((i = 0; i < 600; i++)); do
    while zpty -rt shell ignored; do :; done
    [[ "$(<$work/answer)" != *--done--* ]] || return 0
    sleep 0.05
  done
  print -u2 "complete.zsh: no answer in 30 s"
  exit 1
}
: >$work/answer
zpty shell "folder=${(q)folder} work=${(q)work} zsh -f -i"
zpty -w shell ". $work/setup"
await
while read -r line; do
  : >$work/answer
  zpty -w -n shell "${line%_}"$'\t'
  await
  words=(${(uo)${(f)"$(<$work/answer)"}:#--done--})
  print -r -- "$line => $words"
done
zpty -d shell
