# EphemeralBuilder supervisor: runs scripts so that they outlive the connection that started them.
# POSIX sh; needs setsid (util-linux or busybox), mkfifo, tail, head, wc, dd, tar. Every reply line starts with "EB1 ".
# Without arguments it is the first process of a container, and runs nothing by itself.
# Layout: $HOME/.ephemeral-builder/scripts/ID/{launch.sh,script,stdin,out,err,sup,pid,boot,terms,cause,rc}
# Everything that is known of a script is in its folder: whoever comes later, from wherever, knows as much as who began.

EB=$HOME/.ephemeral-builder
# Ours is for nobody else; what scripts and uploads make follows the login's own mask.
login_mask=$(umask)
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

# A zombie is dead: under a slow init it may stay for long.
alive() {
  kill -0 "$1" 2>/dev/null || return 1
  case $(cat "/proc/$1/stat" 2>/dev/null) in *") Z "*) return 1 ;; esac
}

# Room for a word that must be written even when the disk is full by then.
reserve() { printf '%-100s\n' reserved >"$1.new" && [ "$(size "$1.new")" -eq 101 ]; }

# keep FILE WORDS: in the room reserved for it, and there all at once.
keep() { printf '%-100s\n' "$2" | dd of="$1.new" conv=notrunc 2>/dev/null && mv "$1.new" "$1"; }

word() { if read -r first rest 2>/dev/null <"$1"; then echo "$first"; fi; }

tail_follows_pid() { tail -n 0 --pid=$$ -s 0.1 /dev/null >/dev/null 2>&1; }

hello() {
  for tool in setsid mkfifo ln tail head wc dd tar cat mkdir mv sleep date; do
    command -v "$tool" >/dev/null 2>&1 || say missing "$tool"
  done
  mkdir -p "$HOME/workspace" "$EB/scripts" || say missing "a writable $HOME"
  say workspace "$HOME/workspace"
  say boot "$(boot)"
  say end
}

# Reads what a script was started with: its streams, its grace, and when by this machine's clock.
terms() { read -r streams grace started whole 2>/dev/null <"$1/terms" && [ "$whole" = end ]; }

# start ID LAUNCH_BYTES SCRIPT_BYTES STDIN_BYTES TIMEOUT GRACE LIMIT STREAMS: the three files follow as input.
# May be repeated with the same id: it is started once.
start() {
  id=$1 d=$EB/scripts/$1
  if [ -e "$d/sup" ]; then
    head -c $(($2 + $3 + $4)) >/dev/null
    say started; return
  fi
  t=$EB/scripts/.$id.$$
  mkdir -p "$t"
  head -c $(($2 + $3 + $4)) >"$t/bundle"
  head -c "$2" "$t/bundle" >"$t/launch.sh"
  tail -c +$(($2 + 1)) "$t/bundle" | head -c "$3" >"$t/script"
  tail -c +$(($2 + $3 + 1)) "$t/bundle" >"$t/stdin"
  rm -f "$t/bundle"
  boot >"$t/boot"; : >"$t/out"; : >"$t/err"
  echo "$8 $6 $(date +%s) end" >"$t/terms"
  for why in timeout limit cancelled; do echo $why >"$t/$why"; done
  if [ "$(size "$t/launch.sh") $(size "$t/script") $(size "$t/stdin")" != "$2 $3 $4" ] ||
    ! reserve "$t/sup" || ! reserve "$t/pid" || ! reserve "$t/rc" || [ ! -s "$t/boot" ] || [ ! -s "$t/cancelled" ] ||
    ! terms "$t" || ! mkfifo "$t/out.pipe" "$t/err.pipe"; then
    rm -rf "$t"
    say refused incomplete; return
  fi
  reply=$(sh "$t/launch.sh" check 2>/dev/null)
  if [ "$reply" != launchable ]; then rm -rf "$t"; say refused "${reply:-environment}"; return; fi
  if ! mkdir "$d" 2>/dev/null; then
    rm -rf "$t"
    i=0; while [ ! -e "$d/sup" ] && [ $i -lt 50 ]; do nap; i=$((i + 1)); done
    say started; return
  fi
  mv "$t"/* "$d/" && rmdir "$t"
  setsid sh "$EB/supervisor.sh" supervise "$id" "$5" "$6" "$7" "$8" "$login_mask" </dev/null >/dev/null 2>&1 &
  keep "$d/sup" $!
  say started
}

# store ID ...: takes what start takes, and keeps it until it is fired.
store() {
  f=$EB/stored/$1
  mkdir -p "$EB/stored"
  head -c $(($2 + $3 + $4)) >"$f.$$"
  if [ "$(size "$f.$$")" -ne $(($2 + $3 + $4)) ] || ! echo "$* end" >"$f.words" || ! mv "$f.$$" "$f"; then
    rm -f "$f.$$"
    say refused incomplete; return
  fi
  say stored
}

# fire ID SECONDS: starts a script that was stored, with so much time at most, and says its status when it has ended.
fire() {
  f=$EB/stored/$1
  if [ ! -e "$f" ] || ! read -r id launch text input timeout grace limit streams whole <"$f.words" || [ "$whole" != end ]; then
    say absent; return
  fi
  if [ "$timeout" -gt "$2" ]; then timeout=$2; fi
  start "$1" "$launch" "$text" "$input" "$timeout" "$grace" "$limit" "$streams" <"$f"
  await "$1"
}

# Why a script is being ended; the first reason counts.
cause() { ln "$d/$1" "$d/cause" 2>/dev/null; }

# end_group GRACE: TERM to the whole process group, KILL after the grace.
end_group() {
  i=0
  # A script that has just been started has no group of its own yet.
  while ! kill -TERM "-$pid" 2>/dev/null && alive "$pid" && [ $i -lt 200 ]; do nap; i=$((i + 1)); done
  i=0
  while [ $i -lt "$1" ] && kill -0 "-$pid" 2>/dev/null; do sleep 1; i=$((i + 1)); done
  kill -KILL "-$pid" 2>/dev/null
}

# Waits until a pump has written what the script left in the pipe. What the script left running may keep the pipe open,
# and the pump at work, for ever: then a log that has stopped growing is taken for complete.
drained() {
  i=0
  while alive "$1" && [ $i -lt 20 ]; do
    before=$(size "$2")
    nap; nap
    if [ "$before" -eq "$(size "$2")" ]; then i=$((i + 5)); else i=$((i + 1)); fi
  done
}

# supervise ID TIMEOUT GRACE LIMIT STREAMS MASK: the process that outlives the connection.
supervise() {
  d=$EB/scripts/$1
  trap '' HUP
  cd "$HOME" || exit 1
  began=$(now)
  # Through a pipe: a script that opens /dev/stdout or /dev/stderr anew would cut a file to nothing.
  cat <"$d/out.pipe" >>"$d/out" &
  out=$!
  err=
  if [ "$5" = separate ]; then
    cat <"$d/err.pipe" >>"$d/err" &
    err=$!
    (umask "$6"; exec setsid sh "$d/launch.sh" run "$d/script" <"$d/stdin" >"$d/out.pipe" 2>"$d/err.pipe") &
  else
    (umask "$6"; exec setsid sh "$d/launch.sh" run "$d/script" <"$d/stdin" >"$d/out.pipe" 2>&1) &
  fi
  pid=$!
  keep "$d/pid" "$pid"
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
  drained "$out" "$d/out"
  [ -z "$err" ] || drained "$err" "$d/err"
  why=exited
  [ -e "$d/cause" ] && why=$(word "$d/cause")
  keep "$d/rc" "$rc $why $(($(now) - began)) $(size "$d/out") $(size "$d/err")"
}

# The words for how the script of a folder is.
state() {
  if [ ! -e "$1/sup" ]; then echo unknown; return; fi
  if [ ! -e "$1/rc" ]; then
    if [ "$(cat "$1/boot")" != "$(boot)" ]; then echo vanished the machine was started again; return; fi
    if alive "$(word "$1/sup")"; then echo running; return; fi
    # Dead: either it wrote the end between the two looks, or nobody ever will.
    if [ ! -e "$1/rc" ]; then echo vanished the supervisor is gone; return; fi
  fi
  echo exited "$(cat "$1/rc")"
}

status() { say "$(state "$EB/scripts/$1")"; }

# list [ID]: a line for that script, or for each that was started here; nothing for one that was not.
list() {
  for d in "$EB/scripts/"${1:-*}; do
    if [ -e "$d/sup" ] && terms "$d"; then say script "${d##*/}" "$streams" "$started" "$(state "$d")"; fi
  done
  say end
}

# True until the end of the script is written down, or nobody is left to write it.
unended() { [ ! -e "$1/rc" ] && [ -e "$1/sup" ] && alive "$(word "$1/sup")"; }

dd_counts_bytes() { [ "$(echo abc | dd bs=64k iflag=skip_bytes,count_bytes skip=1 count=1 2>/dev/null)" = b ]; }

# Sends what file $1 has behind byte $pos in large blocks, until there is little more; tail would take 8 KiB at a time.
catch_up() {
  while end=$(size "$1"); [ $((end - pos)) -ge 4194304 ] && dd_counts_bytes; do
    # Whoever reads knows how much came, and asks again from there.
    dd if="$1" bs=64k iflag=skip_bytes,count_bytes skip="$pos" count=$((end - pos)) 2>/dev/null || exit 1
    pos=$end
  done
}

# Follows file $2 from byte $3 on while the script of folder $1 runs. tail watches the script's own process, which the
# supervisor reaps at once: the supervisor itself may stay a zombie for seconds under a slow init.
live() {
  while [ ! -e "$1/pid" ] && unended "$1"; do nap; done
  tail -c +$(($3 + 1)) -f --pid="$(word "$1/pid")" -s 0.1 "$2" 2>/dev/null &
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
  # Both outputs of this shell are the stream, and it may have a word for each of its children that was ended.
  exec 2>/dev/null
  say stream
  [ -e "$d/sup" ] || return
  catch_up "$f"
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
      sleep 0.3 2>/dev/null || sleep 1
    fi
  done
}

cancel() {
  d=$EB/scripts/$1
  if [ -e "$d/rc" ] || [ ! -e "$d/sup" ]; then say over; return; fi
  i=0; while [ ! -e "$d/pid" ] && [ $i -lt 50 ]; do nap; i=$((i + 1)); done
  if [ ! -e "$d/pid" ] || ! terms "$d"; then say refused "the script has no process"; return; fi
  cause cancelled
  setsid sh "$EB/supervisor.sh" end "$1" "$grace" </dev/null >/dev/null 2>&1 &
  say cancelling
}

end() {
  d=$EB/scripts/$1
  pid=$(word "$d/pid")
  end_group "$2"
}

# put PATH_BYTES TAR_BYTES: path and archive follow as input; unpacks below the path.
put() {
  path=$(text "$1"; echo x)
  path=${path%x}
  umask "$login_mask"
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
    # A link to a file is meant to be the file.
    tar -chf - -C "$(dirname -- "$path")" "./$(basename -- "$path")" 2>"$EB/get.$$"
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
  say stream
  cd "$HOME/workspace" || { say end; return; }
  IFS=
  for match in $pattern; do
    if [ -e "$match" ] || [ -L "$match" ]; then printf '%s\000' "$match"; fi
  done
  say end
}

# The words by which a machine's metadata is asked, none if it cannot be.
metadata_client() {
  for tool in curl wget busybox; do
    command -v "$tool" >/dev/null 2>&1 || continue
    case $tool in
      busybox) if busybox wget --help >/dev/null 2>&1; then echo wget busybox wget; return; fi ;;
      *) echo "$tool" "$tool"; return ;;
    esac
  done
}

# ask_metadata URL [HEADER]: sets code, which is of no use if there was no answer, and body.
ask_metadata() {
  if [ "$client" = curl ]; then
    answer=$(printf '%s\n' "${2:+header = \"$2\"}" |
      curl -q -s -m 2 --noproxy '*' -K - -w '\n%{http_code}' "$1" 2>/dev/null)
  else
    # What GNU's wget reads from a file instead of options: busybox has none of them, and headers are no one's business.
    printf 'tries = 1\n%s\n' "${2:+header = $2}" >"$rc"
    answer=$(
      {
        if said=$(LC_ALL=C WGETRC=$rc $bound $wget -O - "$1" 2>&1 >&3 </dev/null); then
          printf '\n200'
        else
          case $said in *" 404 "*) printf '\n404' ;; *" 401 "*) printf '\n401' ;; *" 403 "*) printf '\n403' ;; esac
        fi
      } 3>&1
    )
  fi
  code=${answer##*"$newline"} body=${answer%"$newline"*}
}

# The token that metadata in hardened mode asks for, none if it cannot be had; busybox cannot PUT.
metadata_token() {
  ttl='X-aliyun-ecs-metadata-token-ttl-seconds: 21600'
  if [ "$client" = curl ]; then
    fresh=$(curl -q -s -f -m 2 --noproxy '*' -X PUT -H "$ttl" "$1/latest/api/token" 2>/dev/null)
  else
    fresh=$(WGETRC=$rc $bound $wget -q -O - --method=PUT --header="$ttl" "$1/latest/api/token" 2>/dev/null)
  fi
  case $fresh in '' | *[!A-Za-z0-9+/=._~-]*) ;; *) echo "$fresh" ;; esac
}

# Says each change of what the metadata below address $1 tell of the machine's end, looking every $2 seconds. Only 404
# means that there is none: what cannot be asked, or answers with something else, says nothing.
watch_metadata() {
  token= known=
  while :; do
    ask_metadata "$1/latest/meta-data/instance/spot/termination-time" "${token:+X-aliyun-ecs-metadata-token: $token}"
    case $code in
      401 | 403)
        token=$(metadata_token "$1")
        if [ -n "$token" ]; then
          ask_metadata "$1/latest/meta-data/instance/spot/termination-time" "X-aliyun-ecs-metadata-token: $token"
        fi
        ;;
    esac
    case $code$body in
      404*) if [ -n "$known" ]; then known=; say withdrawn; fi ;;
      200[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9]*Z)
        if [ "$body" != "$known" ]; then known=$body; say notice "$body" termination-time; fi
        ;;
    esac
    sleep "$2"
  done
}

# notices ADDRESS SECONDS: stays until its input ends, which a lost connection does too, and says when the machine is to
# be taken back. Whoever runs the machine may have told it another address.
notices() {
  set -- "${EPHEMERAL_METADATA_URL:-$1}" "$2"
  client=$(metadata_client)
  wget=${client#* } client=${client%% *}
  if [ -z "$client" ]; then say unable there is neither curl nor wget; return; fi
  # Proxies are for what is farther away.
  unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
  rc=$EB/metadata.$$
  newline=$(printf '\nx'); newline=${newline%x}
  bound=
  if timeout 2 true 2>/dev/null; then bound='timeout 2'; fi
  watch_metadata "$1" "$2" &
  watch=$!
  cat >/dev/null
  kill "$watch" 2>/dev/null
  rm -f "$rc"
}

# The first process of a container: reaps what scripts leave behind, and goes when it is told to, which ends the container.
serve() {
  trap 'exit 143' TERM INT
  while :; do
    sleep 3600 &
    wait $!
  done
}

if [ $# -eq 0 ]; then serve; fi
"$@"
