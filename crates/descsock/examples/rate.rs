use std::sync::atomic::*;
use std::time::*;
use descsock::*;
use dma_agent::{Admission, Agent};
fn main() {
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let bell = dir.path().join("bell");
    let mut agent = Agent::new(Admission::same_user(), switch::Settings::default(), 7).unwrap();
    agent.listen(&memif::Address::Path(bell.clone()), &Default::default()).unwrap();
    std::thread::spawn(move || loop { agent.turn(Some(Duration::from_millis(100))).unwrap(); });
    let open = |svc| Client::open(Options::new(&bell, dir.path(), svc).wait(Wait::For(Duration::from_secs(2)))).unwrap();
    let (tx, rx) = (open(8), open(9));
    let batch_mode = std::env::args().nth(1).as_deref() == Some("batch");
    let len: usize = std::env::args().nth(2).map_or(60, |s| s.parse().unwrap());
    let total = 4_000_000u64;
    let got = AtomicU64::new(0);
    let mut frame = vec![0u8; len]; frame[..6].fill(0xff); frame[6] = 2;
    let start = Instant::now();
    std::thread::scope(|s| {
        s.spawn(|| {
            let mut sent = 0;
            let frames = vec![&frame[..]; 64];
            while sent < total {
                while sent > got.load(Ordering::Relaxed) + 1400 { std::thread::yield_now(); }
                if batch_mode { sent += tx.send_batch(&frames, &Route::default()).unwrap() as u64; }
                else { tx.send(&frame).unwrap(); sent += 1; }
            }
        });
        let mut b = Batch::new(); let mut buf = vec![0; 2048];
        let mut n = 0;
        while n < total {
            if batch_mode { if rx.wait(Events::IN, Some(Duration::from_secs(2))).unwrap().is_empty() { break }
                n += rx.recv_batch(&mut b, 256).unwrap() as u64; }
            else { match rx.recv(&mut buf) { Ok(_) => n += 1, Err(e) => { println!("{e} after {n} {:?} {:?}", rx.statistics(), tx.statistics()); break } } }
            got.store(n, Ordering::Relaxed);
        }
    });
    let t = start.elapsed();
    println!("{} {len} B: {:.2} M/s  {:.0} ns/frame", if batch_mode {"batch"} else {"single"}, got.load(Ordering::Relaxed) as f64 / t.as_secs_f64() / 1e6, t.as_nanos() as f64 / total as f64);
    // latency
    let mut h = vec![]; let mut buf = vec![0; 2048];
    for _ in 0..5000 { let t = Instant::now(); tx.send(&frame).unwrap(); rx.recv(&mut buf).unwrap(); h.push(t.elapsed().as_nanos()); }
    h.sort(); println!("one-way latency p50 {} ns p99 {} ns; {:?}", h[2500], h[4950], rx.statistics().rx_fc_drops);
}
