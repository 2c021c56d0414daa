//! Examples for each command, with the DPDK testpmd that fits it on the other side.

/// What all have in common: who listens, and how testpmd is started without hugepages or a NIC.
macro_rules! with_testpmd {
    ($examples:literal, $role:literal, $forward:literal) => {
        concat!(
            "Examples:\n",
            $examples,
            "\n\n\
             Each command listens as the server, unless --role client is given. It stays up \
             through peers that come and go; Ctrl-C ends it with a summary.\n\n\
             The matching DPDK testpmd (a DPDK client does not retry, so start its server first; \
             for --queues 4 add --rxq=4 --txq=4 behind the last --):\n  \
             dpdk-testpmd --no-huge -m 512 --no-pci --file-prefix=a --lcores='0@0,1@1' \\\n    \
             --main-lcore=0 --no-telemetry \\\n    \
             --vdev=net_memif0,role=",
            $role,
            ",id=0,socket=/tmp/m.sock,socket-abstract=no \\\n    \
             -- --total-num-mbufs=8192 --forward-mode=",
            $forward,
            " --no-flush-rx \\\n    \
             --stats-period=2 --auto-start"
        )
    };
}

/// Shown below the options of `gen`.
pub(super) const GEN: &str = with_testpmd!(
    "  memwire eth gen /tmp/m.sock                                  64 bytes, as fast as possible
  memwire eth gen /tmp/m.sock --size imix --rate 100000 --count 1000000
  memwire eth gen /tmp/m.sock --role client --size 9000        chained over 2048-byte buffers
  memwire eth gen /tmp/m.sock --json | jq .returned.latency_ns   with `memwire eth echo` opposite",
    "client",
    "rxonly"
);

/// Shown below the options of `sink`.
pub(super) const SINK: &str = with_testpmd!(
    "  memwire eth sink /tmp/m.sock                        until Ctrl-C
  memwire eth sink /tmp/m.sock --role client --seconds 10 --json
  memwire eth sink /tmp/m.sock & memwire eth gen /tmp/m.sock --role client --count 1000000",
    "client",
    "txonly"
);

/// Shown below the options of `echo`.
pub(super) const ECHO: &str = with_testpmd!(
    "  memwire eth echo /tmp/m.sock                        every frame goes back, addresses swapped
  memwire eth echo /tmp/m.sock --ip 10.0.0.2          a host that can be pinged, from VPP:
                                                        vpp# ping 10.0.0.2
  memwire eth echo @vpp --role client --queues 4      an abstract socket, four queues",
    "client",
    "flowgen"
);

/// Shown below the options of `dump`.
pub(super) const DUMP: &str = with_testpmd!(
    "  memwire eth dump /tmp/m.sock --count 10 --hex
  memwire eth dump /tmp/m.sock --write frames.pcap    for tcpdump and Wireshark, in nanoseconds
  memwire eth dump /tmp/m.sock --write - | tcpdump -n -r -",
    "client",
    "txonly"
);
