# Puts one host key in the place of all that a machine has. Read from input and run as the user who owns the keys.
#   $1: the folder of the host keys   $2: SSH_CONNECTION of the caller, or nothing
# Input: the public host key that the caller was shown, the new public one, one line each; then the new private one.
# Answer: "EBK replaced", or "EBK" and why not: input, folder, write, reload.
# POSIX sh; the private key is on no command line.
umask 077
dir=$1
key=$dir/ssh_host_ecdsa_key
new=$dir/.ssh_host_key.$$
settle=

answer() {
  rm -f "$new" "$new.pub"
  echo "EBK $1"
  exit 0
}

# Tells the server to read its keys again; fails if nobody knows how.
reload() {
  if [ -f "$dir/sshd.pid" ]; then
    kill -HUP "$(cat "$dir/sshd.pid")"
    return
  fi
  # Elsewhere than in its usual place a server without that file looks at its folder by itself.
  [ "$dir" = /etc/ssh ] || { settle=no; return 0; }
  for unit in ssh sshd; do
    systemctl reload "$unit" || service "$unit" reload || continue
    return 0
  done
  for file in /run/sshd.pid /var/run/sshd.pid; do
    [ -f "$file" ] && kill -HUP "$(cat "$file")" && return 0
  done
  return 1
}

# Waits until new connections are shown the new key; fails if they are not. Without ssh-keyscan a moment must do.
shown_to_others() {
  [ -z "$settle" ] || return 0
  set -- $connection
  if [ $# -ne 4 ] || ! command -v ssh-keyscan; then
    sleep 1
    return 0
  fi
  tries=0
  while [ "$tries" -lt 60 ]; do
    ssh-keyscan -T 5 -t ecdsa -p "$4" "$3" | grep -qF "$public" && return 0
    tries=$((tries + 1))
    sleep 0.1 || sleep 1
  done
  return 1
}

connection=$2
IFS= read -r shown && IFS= read -r public || answer input
(cat >"$new") 2>/dev/null || answer write
[ "$(tail -n 1 "$new")" = "-----END OPENSSH PRIVATE KEY-----" ] || answer input

# The keys of another server stay what they are, whatever made the caller come here.
if [ "$(cat "$key" 2>/dev/null)" != "$(cat "$new")" ]; then
  cat "$dir"/ssh_host_*_key.pub 2>/dev/null | grep -qF "$shown" || answer folder
fi

{
  printf '%s\n' "$public" >"$new.pub" && chmod 644 "$new.pub" \
    && mv -f "$new" "$key" && mv -f "$new.pub" "$key.pub"
} 2>/dev/null || answer write
for file in "$dir"/ssh_host_*; do
  case $file in
    "$key" | "$key.pub") ;;
    *) rm -f "$file" || answer write ;;
  esac
done
command -v restorecon >/dev/null 2>&1 && restorecon "$key" "$key.pub" >/dev/null 2>&1

reload >/dev/null 2>&1 </dev/null || answer reload
shown_to_others >/dev/null 2>&1 </dev/null || answer reload
answer replaced
