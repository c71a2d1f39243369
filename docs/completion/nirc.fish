# Completes the command line of nirc; printed by `nirc --print-completion fish`, not to be edited.

function __nirc_files
    set -l all (__fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct)))
    set -l ends (string join '|' / (string escape --style=regex -- $argv))
    string match -r -- "^[^\t]*(?:$ends)(?:\t.*)?\$" $all; or printf '%s\n' $all
end

complete -c nirc -f -a '(__nirc_files .nir .snn .nirt)'
complete -c nirc -s t -l target -x -a 'cpu all' -d 'target to compile for'
complete -c nirc -s o -l output -r -F -d 'directory to write'
complete -c nirc -l emit -x -a 'nir nirt llvm asm obj' -d 'write one file instead of the target\'s set'
complete -c nirc -l name -x -d 'base name of the outputs and C prefix'
complete -c nirc -l probe -x -d 'record this node\'s state and value as well'
complete -c nirc -l check -d 'read, verify and say whether the target can take it'
complete -c nirc -l semantics -x -a 'nir nir_exact unit' -d 'whose arithmetic'
complete -c nirc -l dt -x -d 'time step, as 1ms, 100us or a number of seconds'
complete -c nirc -l reset -x -a 'v_reset subtract' -d 'what a spike does to the membrane'
complete -c nirc -l lenient -d 'read files that break a rule but whose meaning is plain'
complete -c nirc -s O -x -a '0 1 2 3' -d '0 to 3, default 2: how hard to optimise; results do not depend on it, bit for bit'
complete -c nirc -l mcpu -x -d 'processor to generate code for'
complete -c nirc -l mtriple -x -d 'machine to generate code for'
complete -c nirc -l quantise -x -a 'none' -d 'none (default): weights stay float32'
complete -c nirc -l pass-pipeline -x -d 'run these passes instead of those of -O'
complete -c nirc -l print-pipeline -d 'print the passes that the other options ask for'
complete -c nirc -l print-ir-before -x -a 'canonicalize complete-inputs discretise inline-subgraphs probe all' -d 'print the IR before this pass'
complete -c nirc -l print-ir-after -x -a 'canonicalize complete-inputs discretise inline-subgraphs probe all' -d 'print the IR after this pass'
complete -c nirc -l dump-dir -x -a '(__fish_complete_directories (string replace -r -- "^--[^=]*=" "" (commandline -ct)))' -d 'write the IR after each pass to DIR/NN-PASS.nirt'
complete -c nirc -l stop-after -x -a 'canonicalize complete-inputs discretise inline-subgraphs probe' -d 'end after this pass'
complete -c nirc -l verify-each -d 'verify the IR after each pass'
complete -c nirc -l time-passes -d 'print how long each pass took to standard error'
complete -c nirc -l stats -d 'print what each pass counted to standard error'
complete -c nirc -l diag-format -x -a 'text json' -d 'how messages are written to standard error'
complete -c nirc -l color -x -a 'auto always never' -d 'colour in messages'
complete -c nirc -s v -l verbose -d 'say more about what is done'
complete -c nirc -s q -l quiet -d 'print errors only'
complete -c nirc -s h -l help -d 'print this summary and end'
complete -c nirc -l version -d 'print the version and end'
complete -c nirc -s W -x -a 'error' -d 'warnings are errors'
complete -c nirc -l list-targets -d 'print the targets and end'
complete -c nirc -l list-passes -d 'print the passes with their options and end'
complete -c nirc -l list-profiles -d 'print the profiles of --semantics and end'
complete -c nirc -l selftest -d 'compile a built-in network, compare it with the interpreter'
