# complete.bash FOLDER: prints what the completions of FOLDER say to the command lines on standard input, one a line: LINE => WORDS.
# Words are parted at blanks and, as readline does it, around `=`; the last one is what is being completed. `_` stands for an empty word.
folder=$1
source "$folder/nirc.bash" && source "$folder/nirc-run.bash" || exit 1
while read -r line; do
  read -r -a COMP_WORDS <<<"${line//=/ = }"
  [[ ${COMP_WORDS[-1]} != _ ]] || COMP_WORDS[-1]=
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  command=$(complete -p "${COMP_WORDS[0]}")
  command=${command#*-F }
  COMPREPLY=()
  ${command%% *} "${COMP_WORDS[0]}"
  printf '%s => ' "$line"
  printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort -u | paste -sd ' '
done
