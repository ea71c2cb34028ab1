# Process 1 of an isolated machine: sets up its namespaces, says "ready" and its process id on the host, and waits for
# the end of its input. Arguments: home folder (no links in its path), host name, address.
set -e
PATH=$PATH:/usr/sbin:/sbin
home=$1 name=$2 address=$3 tmp=$1/tmp
read -r pid rest </proc/self/stat

# A hosts file that is in no folder: on a file system that nothing but the bind mount refers to.
mount -t tmpfs -o size=1m,mode=755 tmpfs "$tmp"
printf '127.0.0.1 localhost\n::1 localhost\n%s %s\n' "$address" "$name" >"$tmp/hosts"
chmod 644 "$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts
umount "$tmp"

# The home folder stays where it is, also if that is under /tmp.
case $home in
  /tmp/*)
    mkdir -p "$tmp/${home#/tmp/}"
    mount --bind "$home" "$tmp/${home#/tmp/}"
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

exec 3<&0 </dev/null
echo "ready $pid"
exec >/dev/null 2>&1
# Unlike a read, the wait also reaps what the machine's commands leave behind. A cat that one of them killed comes back.
while
  cat <&3 &
  wait $!
  [ $? -gt 128 ]
do :; done
