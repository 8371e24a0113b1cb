# Builds the three modules of DAHDI that a looped line needs, for the kernel that runs here, into /built.
set -e
export PATH=/usr/bin:/bin
cp -r /usr/src/dahdi-*/drivers/dahdi /tmp/dahdi
cp -r /usr/src/dahdi-*/include /tmp/dahdi
# What serves debuggers alone (BTF) takes a good part of the time.
make -C "/usr/src/linux-headers-$(uname -r)" M=/tmp/dahdi DAHDI_INCLUDE=/tmp/dahdi/include HOTPLUG_FIRMWARE=no \
    CONFIG_DAHDI=m CONFIG_DAHDI_DYNAMIC=m CONFIG_DAHDI_DYNAMIC_LOC=m CONFIG_DEBUG_INFO_BTF_MODULES= modules
for module in dahdi dahdi_dynamic dahdi_dynamic_loc; do
    strip --strip-debug -o /built/$module.ko /tmp/dahdi/$module.ko
done
