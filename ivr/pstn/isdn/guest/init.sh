#!/busybox sh
# The guest's first and only program of its own: brings up what every guest needs, and then does what it is told over a
# virtio port, one request a line. A request is a shell script in base64; the answer its exit status and, in base64, all
# that it printed. What a script leaves in the background goes on.
/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
cd /modules
while read -r module; do insmod $module; done <order
# Programs of the guest are the host's files: Debian's packages, which nothing in here may change.
mount -t 9p -o trans=virtio,version=9p2000.L,msize=500000,cache=loose,ro system /usr
ifconfig lo 127.0.0.1
ifconfig eth0 10.0.2.15
port=/dev/$(ls /sys/class/virtio-ports)
exec 3<>$port
while :; do
    # Nothing to read: the other end is not connected yet.
    read -r line <&3 || { sleep 0.1; continue; }
    echo "$line" | base64 -d >/run/request
    sh /run/request >/run/answer 2>&1 </dev/null 3>&-
    echo "$? $(base64 -w 0 /run/answer)" >&3
done
