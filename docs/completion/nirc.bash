# Completes the command line of nirc; printed by `nirc --print-completion bash`, not to be edited.

_nirc_files()
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

_nirc()
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
  -t|--target) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'cpu loihi2 spinnaker2 speck xylo all' -- "$cur"); return ;;
  -o|--output) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -P "$prefix" -- "$cur"); return ;;
  --emit) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'nir snn nirt llvm asm obj dot' -- "$cur"); return ;;
  --name) return ;;
  --network) return ;;
  --probe) return ;;
  --report) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -P "$prefix" -- "$cur"); return ;;
  --activity) _nirc_files '.h5'; return ;;
  --semantics) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'nir nir_exact unit norse snntorch sinabs rockpool spyx spikingjelly nengo lava_float lava_fixed lavadl neurocuda' -- "$cur"); return ;;
  --dt) return ;;
  --reset) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'v_reset subtract' -- "$cur"); return ;;
  --for) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'norse snntorch sinabs rockpool spyx lavadl nengo' -- "$cur"); return ;;
  --compare) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'nir nir_exact unit norse snntorch sinabs rockpool spyx spikingjelly nengo lava_float lava_fixed lavadl neurocuda' -- "$cur"); return ;;
  -i|--input) _nirc_files '.h5'; return ;;
  --steps) return ;;
  --seed) return ;;
  --rate) return ;;
  --evaluate) _nirc_files '.h5'; return ;;
  --mcpu) return ;;
  --mtriple) return ;;
  --quantise) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'none int8' -- "$cur"); return ;;
  --calibrate) _nirc_files '.h5'; return ;;
  --partition) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'first-fit min-cut' -- "$cur"); return ;;
  --pass-pipeline) return ;;
  --print-ir-before) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'adapt canonicalize complete-inputs cse discretise fold-scale fuse-affine fuse-neuron inline-subgraphs lower probe quantise simplify sparsify uniform-to-splat write-for all' -- "$cur"); return ;;
  --print-ir-after) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'adapt canonicalize complete-inputs cse discretise fold-scale fuse-affine fuse-neuron inline-subgraphs lower probe quantise simplify sparsify uniform-to-splat write-for all' -- "$cur"); return ;;
  --dump-dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -P "$prefix" -- "$cur"); return ;;
  --stop-after) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'adapt canonicalize complete-inputs cse discretise fold-scale fuse-affine fuse-neuron inline-subgraphs lower probe quantise simplify sparsify uniform-to-splat write-for' -- "$cur"); return ;;
  --diag-format) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'text json' -- "$cur"); return ;;
  --color) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'auto always never' -- "$cur"); return ;;
  --loihi2-scale) return ;;
  --loihi2-bias) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'mant clock' -- "$cur"); return ;;
  --loihi2-chips) return ;;
  --loihi2-cores-per-chip) return ;;
  --s2-integrator) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'forward exponential' -- "$cur"); return ;;
  --s2-round) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'nearest trunc' -- "$cur"); return ;;
  --s2-scale) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'neuron population' -- "$cur"); return ;;
  --s2-percentile) return ;;
  --s2-start) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'compensate plain' -- "$cur"); return ;;
  --s2-record) return ;;
  --s2-board) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'chip board48' -- "$cur"); return ;;
  --s2-steps) return ;;
  --s2-max-atoms) return ;;
  --s2-sys-tick) return ;;
  --speck-chip) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'speck2f speck2e' -- "$cur"); return ;;
  --speck-input) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'host dvs' -- "$cur"); return ;;
  --speck-model) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'frame event' -- "$cur"); return ;;
  --xylo-variant) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'audio2 audio3 imu' -- "$cur"); return ;;
  --xylo-gain) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'nir unit' -- "$cur"); return ;;
  --xylo-match) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'none dc' -- "$cur"); return ;;
  --quant) mapfile -t COMPREPLY < <(compgen -P "$prefix" -W 'channel global' -- "$cur"); return ;;
  esac
  if [[ $cur == -* && -z $operand ]]; then
    mapfile -t COMPREPLY < <(compgen -W '-t --target -o --output --emit --name --network --format --probe --check --identify --report --activity --semantics --dt --reset --for --lenient --compare -i --input --steps --seed --rate --evaluate -O0 -O1 -O2 -O3 --mcpu --mtriple --quantise --calibrate --partition --pass-pipeline --print-pipeline --print-ir-before --print-ir-after --dump-dir --stop-after --verify-each --time-passes --stats --diag-format --color -v --verbose -q --quiet -h --help --version -Werror --list-targets --list-passes --list-profiles --selftest --loihi2-scale --loihi2-bias --loihi2-chips --loihi2-cores-per-chip --loihi2-strict --loihi2-allow-reset-zero --s2-integrator --s2-round --s2-scale --s2-percentile --s2-start --s2-record --s2-board --s2-steps --s2-max-atoms --s2-sys-tick --s2-no-conv2d --speck-chip --speck-input --speck-readout --speck-model --xylo-variant --xylo-gain --xylo-match --quant' -- "$cur")
  else
    _nirc_files '.nir .snn .nirt'
  fi
}

complete -F _nirc nirc
