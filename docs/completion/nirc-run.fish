# Completes the command line of nirc-run; printed by `nirc-run --print-completion fish`, not to be edited.

function __nirc_run_files
    set -l all (__fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct)))
    set -l ends (string join '|' / (string escape --style=regex -- $argv))
    string match -r -- "^[^\t]*(?:$ends)(?:\t.*)?\$" $all; or printf '%s\n' $all
end

complete -c nirc-run -f -a '(__nirc_run_files .so)'
complete -c nirc-run -s i -l input -x -a '(__nirc_run_files .h5)' -d 'HDF5 file with the dataset input'
complete -c nirc-run -s o -l output -x -a '(__nirc_run_files .h5)' -d 'HDF5 file to write'
complete -c nirc-run -l format -x -a 'h5 nirdata' -d 'what --output writes'
complete -c nirc-run -l load-state -x -a '(__nirc_run_files .h5)' -d 'go on from a saved state instead of the initial one'
complete -c nirc-run -l save-state -x -a '(__nirc_run_files .h5)' -d 'write the state after the last step'
complete -c nirc-run -l steps -x -d 'stop after N steps, or go on to N with zero input'
complete -c nirc-run -l threads -x -d 'share the samples of a batch between N threads'
complete -c nirc-run -l repeat -x -d 'run N times, each from the start'
complete -c nirc-run -l time -d 'time the runs'
complete -c nirc-run -l stats -d 'print what a run amounted to'
complete -c nirc-run -l diag-format -x -a 'text json' -d 'how messages are written to standard error'
complete -c nirc-run -l color -x -a 'auto always never' -d 'colour in messages'
complete -c nirc-run -s v -l verbose -d 'say more about what is done'
complete -c nirc-run -s q -l quiet -d 'print errors only'
complete -c nirc-run -s h -l help -d 'print this summary and end'
complete -c nirc-run -l version -d 'print the version and end'
