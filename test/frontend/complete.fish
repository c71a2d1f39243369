# complete.fish FOLDER: as complete.bash; `_` at the end of a line stands for nothing there.
source $argv[1]/nirc.fish; and source $argv[1]/nirc-run.fish; or exit 1
while read -l line
  set -l words (complete -C (string replace -r '_$' '' -- $line) | string replace -r '\t.*' '' | LC_ALL=C sort -u)
  printf '%s => %s\n' $line (string join ' ' -- $words)
end
