# Ends what a process leaves behind. Reads from the process, a line each:
#   started PID     a process group was started
#   ended PID       it has ended
#   folder PATH     a folder to remove at the end
#   removed PATH    it is gone already
# When the process is gone, however it went, its end of the pipe closes.
trap '' HUP INT TERM
groups=' '
folders=''
newline='
'
while read -r what name; do
  case $what in
    started) groups="$groups$name " ;;
    ended) groups="${groups%% $name *} ${groups#* $name }" ;;
    folder) folders="$folders$name$newline" ;;
    removed) folders=$(printf %s "$folders" | grep -vxF -- "$name")$newline ;;
  esac
done
for group in $groups; do
  kill -KILL "-$group" || continue
  # Killed isn't gone: until then it may still write into its folder.
  tries=100
  while [ $tries -gt 0 ] && kill -0 "-$group"; do
    tries=$((tries - 1))
    sleep 0.1
  done
done 2>/dev/null
printf %s "$folders" | while read -r folder; do
  if [ -n "$folder" ]; then rm -rf -- "$folder"; fi
done
