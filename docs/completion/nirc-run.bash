# Completes the command line of nirc-run; printed by `nirc-run --print-completion bash`, not to be edited.

_nirc_run_files()
{
  local suffix
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(
    for suffix in $1; do
      compgen -f -P "$prefix" -X "!*$suffix" -- "$cur"
    done
    compgen -d -P "$prefix" -- "$cur")
  if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
    mapfile -t COMPREPLY < <(compgen -f -P "$prefix" -- "$cur")
  fi
}

_nirc_run()
{
  local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} prefix= operand= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} != -- ]] || operand=yes
  done
  if [[ $cur == = ]]; then                             # --option=, `=` being a word of its own
    cur=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $cur == --*=* ]]; then                       # the same, where COMP_WORDBREAKS has no `=`
    option=${cur%%=*} prefix=$option= cur=${cur#*=}
  fi
  [[ -z $operand ]] || option=
  case $option in
  -i|--input) _nirc_run_files '.h5'; return ;;
  -o|--output) _nirc_run_files '.h5'; return ;;
  --format) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'h5 nirdata' -- "$cur"); return ;;
  --load-state) _nirc_run_files '.h5'; return ;;
  --save-state) _nirc_run_files '.h5'; return ;;
  --steps) return ;;
  --threads) return ;;
  --repeat) return ;;
  --diag-format) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'text json' -- "$cur"); return ;;
  --color) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'auto always never' -- "$cur"); return ;;
  esac
  if [[ $cur == -* && -z $operand ]]; then
    mapfile -t COMPREPLY < <(compgen -W '-i --input -o --output --format --load-state --save-state --steps --threads --repeat --time --stats --diag-format --color -v --verbose -q --quiet -h --help --version' -- "$cur")
  else
    _nirc_run_files '.so'
  fi
}

complete -F _nirc_run nirc-run
