# EphemeralBuilder supervisor: runs scripts so that they outlive the connection that started them.
# POSIX sh; needs setsid (util-linux or busybox), tail, head, wc, dd, tar. Every reply line starts with "EB1 ".
# Layout: $HOME/.ephemeral-builder/scripts/ID/{launch.sh,script,stdin,out,err,sup,pid,boot,cause,rc}

EB=$HOME/.ephemeral-builder
umask 077

say() { printf 'EB1 %s\n' "$*"; }

# Seconds on a clock that nobody sets.
now() {
  if read -r up rest 2>/dev/null </proc/uptime; then echo "${up%%.*}"; else date +%s; fi
}

size() { echo $(($(wc -c <"$1"))); }

nap() { sleep 0.05 2>/dev/null || sleep 1; }

boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }

# Exactly $1 bytes of input as text; dd reads byte by byte, so nothing behind them is taken away.
text() { dd bs=1 count="$1" 2>/dev/null; }

alive() { kill -0 "$1" 2>/dev/null; }

tail_follows_pid() { tail -n 0 --pid=$$ -s 0.1 /dev/null >/dev/null 2>&1; }

hello() {
  for tool in setsid tail head wc dd tar cat mkdir mv sleep date; do
    command -v "$tool" >/dev/null 2>&1 || say missing "$tool"
  done
  mkdir -p "$HOME/workspace" "$EB/scripts" || say missing "a writable $HOME"
  say workspace "$HOME/workspace"
  say boot "$(boot)"
  say end
}

# start ID LAUNCH_BYTES SCRIPT_BYTES STDIN_BYTES TIMEOUT GRACE LIMIT STREAMS: the three files follow as input.
# May be repeated with the same id: it is started once.
start() {
  id=$1 d=$EB/scripts/$1
  if [ -e "$d/sup" ]; then
    head -c $(($2 + $3 + $4)) >/dev/null
    say started; return
  fi
  t=$EB/scripts/.$id.$$
  mkdir -p "$t" || { say refused "no room for the script on the machine"; return; }
  head -c $(($2 + $3 + $4)) >"$t/bundle"
  if [ "$(size "$t/bundle")" -ne $(($2 + $3 + $4)) ]; then rm -rf "$t"; say refused incomplete; return; fi
  head -c "$2" "$t/bundle" >"$t/launch.sh"
  tail -c +$(($2 + 1)) "$t/bundle" | head -c "$3" >"$t/script"
  tail -c +$(($2 + $3 + 1)) "$t/bundle" >"$t/stdin"
  rm -f "$t/bundle"
  reply=$(sh "$t/launch.sh" check 2>/dev/null)
  if [ "$reply" != launchable ]; then rm -rf "$t"; say refused "${reply:-environment}"; return; fi
  if ! mkdir "$d" 2>/dev/null; then
    rm -rf "$t"
    i=0; while [ ! -e "$d/sup" ] && [ $i -lt 50 ]; do nap; i=$((i + 1)); done
    say started; return
  fi
  mv "$t/launch.sh" "$t/script" "$t/stdin" "$d/" && rmdir "$t"
  boot >"$d/boot"
  : >"$d/out"; : >"$d/err"
  setsid sh "$EB/supervisor.sh" supervise "$id" "$5" "$6" "$7" "$8" </dev/null >/dev/null 2>&1 &
  echo $! >"$d/sup.new" && mv "$d/sup.new" "$d/sup"
  say started
}

# Why a script is being ended; the first reason counts.
cause() { (set -C; echo "$1" >"$d/cause") 2>/dev/null; }

# end_group GRACE: TERM to the whole process group, KILL after the grace.
end_group() {
  kill -TERM "-$pid" 2>/dev/null
  i=0
  while [ $i -lt "$1" ] && kill -0 "-$pid" 2>/dev/null; do sleep 1; i=$((i + 1)); done
  kill -KILL "-$pid" 2>/dev/null
}

# supervise ID TIMEOUT GRACE LIMIT STREAMS: the process that outlives the connection.
supervise() {
  d=$EB/scripts/$1
  trap '' HUP
  cd "$HOME" || exit 1
  began=$(now)
  if [ "$5" = separate ]; then
    EB_SCRIPT=$d/script setsid sh "$d/launch.sh" run <"$d/stdin" >>"$d/out" 2>>"$d/err" &
  else
    EB_SCRIPT=$d/script setsid sh "$d/launch.sh" run <"$d/stdin" >>"$d/out" 2>&1 &
  fi
  pid=$!
  echo "$pid" >"$d/pid.new" && mv "$d/pid.new" "$d/pid"
  (
    while sleep 1; do
      if [ $(($(now) - began)) -ge "$2" ]; then cause timeout; break; fi
      if [ $(($(size "$d/out") + $(size "$d/err"))) -gt "$4" ]; then cause limit; break; fi
    done
    end_group "$3"
  ) &
  watch=$!
  wait "$pid"
  rc=$?
  kill "$watch" 2>/dev/null
  if [ -e "$d/cause" ]; then end_group "$3"; fi
  why=exited
  [ -e "$d/cause" ] && why=$(cat "$d/cause")
  echo "$rc $why $(($(now) - began)) $(size "$d/out") $(size "$d/err")" >"$d/rc.new"
  mv "$d/rc.new" "$d/rc"
}

status() {
  d=$EB/scripts/$1
  if [ ! -e "$d/sup" ]; then say unknown; return; fi
  if [ ! -e "$d/rc" ]; then
    if [ "$(cat "$d/boot")" != "$(boot)" ]; then say vanished "the machine was started again"; return; fi
    if alive "$(cat "$d/sup")"; then say running; return; fi
    # Dead: either it wrote the end between the two looks, or nobody ever will.
    if [ ! -e "$d/rc" ]; then say vanished "the supervisor is gone"; return; fi
  fi
  say exited "$(cat "$d/rc")"
}

# True until the end of the script is written down, or nobody is left to write it.
unended() { [ ! -e "$1/rc" ] && [ -e "$1/sup" ] && alive "$(cat "$1/sup")"; }

# Follows file $2 from byte $3 on while the script of folder $1 runs. tail watches the script's own process, which the
# supervisor reaps at once: the supervisor itself may stay a zombie for seconds under a slow init.
live() {
  while [ ! -e "$1/pid" ] && unended "$1"; do nap; done
  tail -c +$(($3 + 1)) -f --pid="$(cat "$1/pid")" -s 0.1 "$2" &
  tail=$!
  # Without its supervisor a script may run on, but nobody will write down its end.
  (while sleep 5; do unended "$1" || kill "$tail"; done) >/dev/null 2>&1 &
  guard=$!
  wait "$tail"
  kill "$guard" 2>/dev/null
  while unended "$1"; do nap; done
}

# Waits for the end of a script, then says its status.
await() {
  d=$EB/scripts/$1
  if tail_follows_pid; then
    if unended "$d"; then live "$d" /dev/null 0; fi
  else
    while unended "$d"; do nap; done
  fi
  status "$1"
}

# follow ID out|err OFFSET: the bytes of a stream from an offset on, live until the script has ended.
follow() {
  d=$EB/scripts/$1 f=$EB/scripts/$1/$2 pos=$3
  say stream
  [ -e "$d/sup" ] || return
  if [ -e "$d/rc" ]; then exec tail -c +$((pos + 1)) "$f"; fi
  if tail_follows_pid; then live "$d" "$f" "$pos"; return; fi
  while :; do
    over=no
    unended "$d" || over=yes
    end=$(size "$f")
    if [ "$end" -gt "$pos" ]; then
      tail -c +$((pos + 1)) "$f" | head -c $((end - pos))
      pos=$end
    elif [ $over = yes ]; then
      return
    else
      nap
    fi
  done
}

# cancel ID GRACE
cancel() {
  d=$EB/scripts/$1
  if [ -e "$d/rc" ] || [ ! -e "$d/sup" ]; then say over; return; fi
  i=0; while [ ! -e "$d/pid" ] && [ $i -lt 50 ]; do nap; i=$((i + 1)); done
  if [ ! -e "$d/pid" ]; then say refused "the script has no process"; return; fi
  cause cancelled
  setsid sh "$EB/supervisor.sh" end "$1" "$2" </dev/null >/dev/null 2>&1 &
  say cancelling
}

end() {
  d=$EB/scripts/$1
  pid=$(cat "$d/pid")
  end_group "$2"
}

# put PATH_BYTES TAR_BYTES: path and archive follow as input; unpacks below the path.
put() {
  path=$(text "$1"; echo x)
  path=${path%x}
  mkdir -p "$path" && head -c "$2" | tar -xpof - -C "$path"
  say put $?
}

# get PATH_BYTES: the path follows as input; sends an archive of the file or of the folder's content.
get() {
  path=$(text "$1"; echo x)
  path=${path%x}
  if [ -d "$path" ]; then
    say stream folder
    tar -cf - -C "$path" . 2>"$EB/get.$$"
  elif [ -e "$path" ] || [ -L "$path" ]; then
    say stream file
    tar -cf - -C "$(dirname -- "$path")" "./$(basename -- "$path")" 2>"$EB/get.$$"
  else
    say absent; return
  fi
  rc=$?
  say got "$rc" "$(head -n 1 "$EB/get.$$")"
  rm -f "$EB/get.$$"
}

# glob PATTERN_BYTES: the pattern follows as input; sends what it matches, a NUL behind each.
glob() {
  pattern=$(text "$1"; echo x)
  pattern=${pattern%x}
  cd "$HOME/workspace" || return
  say stream
  IFS=
  for match in $pattern; do
    if [ -e "$match" ] || [ -L "$match" ]; then printf '%s\000' "$match"; fi
  done
  say end
}

"$@"
