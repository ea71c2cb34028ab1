# Process 1 of an isolated machine: sets up its namespaces, says "ready" and its process id on the host, and waits for
# the end of its input. Arguments: home folder (no links in its path), host name, address; for each mount its source, an
# absolute path, and ro or rw.
set -e
PATH=$PATH:/usr/sbin:/sbin
home=$1 name=$2 address=$3 tmp=$1/tmp
shift 3
read -r pid rest </proc/self/stat

# A hosts file that is in no folder: on a file system that nothing but the bind mount refers to.
mount -t tmpfs -o size=1m,mode=755 tmpfs "$tmp"
printf '127.0.0.1 localhost\n::1 localhost\n%s %s\n' "$address" "$name" >"$tmp/hosts"
chmod 644 "$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts
umount "$tmp"

# Sources may be under /tmp, so they are taken along in the home folder: "mount SOURCE PATH ro" becomes "mount N PATH ro".
stage=$home/.mounts
count=$(($# / 3))
i=0
while [ "$i" -lt "$count" ]; do
  if [ -d "$1" ]; then mkdir -p "$stage/$i"; else mkdir -p "$stage" && : >>"$stage/$i"; fi
  mount --bind "$1" "$stage/$i"
  path=$2 mode=$3
  shift 3
  set -- "$@" "$i" "$path" "$mode"
  i=$((i + 1))
done

# The home folder stays where it is, also if that is under /tmp.
case $home in
  /tmp/*)
    mkdir -p "$tmp/${home#/tmp/}"
    mount --rbind "$home" "$tmp/${home#/tmp/}"
    ;;
esac
mount --rbind "$tmp" /tmp
[ ! -d /dev/shm ] || mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -t proc -o nosuid,nodev,noexec proc /proc

hostname "$name" 2>/dev/null || echo "$name" >/proc/sys/kernel/hostname
ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || busybox ip link set lo up 2>/dev/null || {
  echo "no way to start the loopback interface: ip (iproute2), ifconfig (net-tools) or busybox is needed" >&2
  exit 1
}

# Mounts get their places without a trace on the host: in what is the container's own, or in a copy of what is not.
mounted=
copies=' '
is_own() {
  case $1/ in "$home"/* | /tmp/*) return 0 ;; esac
  case $copies in *" $(stat -c %d "$1/") "*) return 0 ;; esac
  for one in $mounted; do
    case $1/ in "$one"/*) return 0 ;; esac
  done
  return 1
}

# Puts an empty file system in the place of a folder, with all that was in there mounted in it.
copy() {
  mkdir -p "$stage/copy"
  mount -t tmpfs -o size=1m,mode=755 tmpfs "$stage/copy"
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    there=$stage/copy/${entry##*/}
    if [ -L "$entry" ]; then
      cp -P "$entry" "$there"
    elif [ -d "$entry" ]; then
      mkdir "$there"
      mount --rbind "$entry" "$there"
    elif [ -e "$entry" ]; then
      : >"$there"
      mount --bind "$entry" "$there"
    fi
  done
  if [ -n "$1" ]; then
    mount --move "$stage/copy" "$1"
  else
    mkdir "$stage/copy/.old"
    pivot_root "$stage/copy" "$stage/copy/.old"
    cd /
    umount -l /.old
    rmdir /.old
  fi
  copies="$copies$(stat -c %d "$1/") "
}

# Spaces in a path of a mount are its own, so only newlines divide.
IFS='
'
while [ $# -gt 0 ]; do
  if [ ! -e "$2" ]; then
    above=${2%/*}
    while [ -n "$above" ] && [ ! -d "$above" ]; do above=${above%/*}; done
    is_own "$above" || copy "$above"
    mkdir -p "${2%/*}/"
    if [ -d "$stage/$1" ]; then mkdir "$2"; else : >"$2"; fi
  fi
  mount --bind "$stage/$1" "$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$2"
  mounted="$mounted
$2"
  shift 3
done

exec 3<&0 </dev/null
echo "ready $pid"
exec >/dev/null 2>&1
# Unlike a read, the wait also reaps what the machine's commands leave behind. A cat that one of them killed comes back.
while
  cat <&3 &
  wait $!
  [ $? -gt 128 ]
do :; done
