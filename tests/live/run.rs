//! Configurations that nobody wrote, one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use libtest_mimic::Failed;

use super::case::{Ask, Case, MAIN, Rendering};
use super::common::{self, Tree};
use super::generate;
use super::laws::{check, harms_nothing, leave_out, show};
use super::support::{Backend, Nginx, Observation, observe};
use super::templates::render;

/// How a case is made of a seed and its number.
pub(crate) type Make = fn(u64, u64) -> Case;

/// What came out, and how often.
type Counts = BTreeMap<&'static str, u64>;

pub(crate) fn generated(nginx: &Nginx, make: Make) -> Result<(), Failed> {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
    let (count, seed) = (number("WSLINT_GENERATED", 150), number("WSLINT_SEED", 1));
    if let Some(case) = std::env::var("WSLINT_CASE").ok().and_then(|c| c.parse().ok()) {
        let case = make(seed, case);
        for ask in &case.asks {
            println!("{} {}", ask.root, ask.url);
        }
        println!("{}", show(&case.tree));
        for rendering in &case.renderings {
            println!("rendered\n{}", show(&render(&case.tree, rendering)));
        }
        return Ok(());
    }
    let threads = 2;
    let started = Instant::now();
    let outcomes: Vec<Result<Counts, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| scope.spawn(move || work(nginx, make, seed, (t..count).step_by(threads as usize))))
            .collect();
        workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err("a worker panicked".to_owned()))).collect()
    });
    let mut sums = Counts::new();
    let mut wrong = String::new();
    for outcome in outcomes {
        match outcome {
            Ok(counts) => counts.into_iter().for_each(|(what, n)| *sums.entry(what).or_default() += n),
            Err(more) => wrong += &more,
        }
    }
    check(wrong.is_empty(), wrong)?;
    let of = |what: &str| sums.get(what).copied().unwrap_or(0);
    let asked = of("asked");
    println!(
        "{count} generated configurations, seed {seed}: asked {asked} times, {} upgrade, {} broken, {} rejected, {} left open, 0 contradictions; {} changed by fixes, 0 harmed, {} opened; {:.0} s",
        of("upgrades"),
        of("broken"),
        of("rejected"),
        of("unknown"),
        of("changed"),
        of("opened"),
        started.elapsed().as_secs_f64()
    );
    // nginx refuses one of sixty jumps: 150 may have none. What a template leaves open is unknown by right, and so is
    // what a `stream` server makes of a client's address, or which of several servers it asks.
    let refused = of("rejected") > 0 || count < 1_000;
    let open = of("unknown") * if of("templates") > 0 { 2 } else { 4 };
    check(
        of("upgrades") > 0 && of("broken") > 0 && refused && open < asked,
        "the generator does not cover what it should",
    )
}

/// The tree that nginx reads when it is started with a root: that one is called `nginx.conf` there.
fn for_nginx(tree: &Tree, root: &str, rendering: Option<&Rendering>) -> Tree {
    let mut out = rendering.map_or_else(|| tree.clone(), |r| render(tree, r));
    if root != MAIN
        && let (Some(main), Some(other)) = (out.remove(MAIN), out.remove(root))
    {
        out.insert(MAIN.to_owned(), other);
        out.insert(root.to_owned(), main);
    }
    out
}

/// What wslint says of an ask; templates are what it reads.
fn said(nginx: &Nginx, tree: &Tree, ask: &Ask) -> (String, String) {
    common::verdict(&for_nginx(tree, ask.root, None), &ask.url, nginx.version())
}

fn work(nginx: &Nginx, make: Make, seed: u64, cases: impl Iterator<Item = u64>) -> Result<Counts, String> {
    let backend = Backend::start().map_err(|e| e.to_string())?;
    let mut counts = Counts::new();
    let mut wrong = Vec::new();
    for number in cases {
        let case = make(seed, number);
        // What contradicts does so again; a machine that stood still for a moment does not.
        let mut asked = || one(nginx, &backend, &case, number, &mut counts);
        let found = asked().or_else(|first| {
            let again = asked();
            if again.is_ok() {
                leave_out("a second look agreed: nginx or the client had been kept waiting");
                println!("seed {seed} case {number}, not again: {}", first.lines().next().unwrap_or_default());
            }
            again
        });
        if let Err(e) = found {
            wrong.push(format!("seed {seed} case {number}: {e}"));
        }
        // A few of a kind are found together.
        if wrong.len() == 8 {
            break;
        }
    }
    if wrong.is_empty() { Ok(counts) } else { Err(wrong.join("\n")) }
}

fn one(nginx: &Nginx, backend: &Backend, case: &Case, number: u64, counts: &mut Counts) -> Result<(), String> {
    let tree = &case.tree;
    let mut count = |what: &'static str| *counts.entry(what).or_default() += 1;
    let renderings: Vec<Option<&Rendering>> = match &case.renderings[..] {
        [] => vec![None],
        some => {
            count("templates");
            some.iter().map(Some).collect()
        }
    };
    let mut befores = Vec::new();
    for ask in &case.asks {
        let (said, why) = said(nginx, tree, ask);
        for rendering in &renderings {
            let Some(seen) = observe(nginx, backend, &for_nginx(tree, ask.root, *rendering), &ask.url) else {
                leave_out("the harness cannot ask: TLS, or a port that is not its own");
                continue;
            };
            count("asked");
            match said.as_str() {
                "unknown" => count("unknown"),
                said if said == seen.verdict() => count(seen.verdict()),
                // The handshake fails there, too; whether all that a template may become is a configuration, no
                // template says.
                "broken" if rendering.is_some() && seen.verdict() == "rejected" => {
                    leave_out("nginx refuses a rendering of a template that is broken");
                }
                said => {
                    let found = seen.verdict();
                    let same = |t: &Tree| {
                        let seen = observe(nginx, backend, &for_nginx(t, ask.root, *rendering), &ask.url);
                        self::said(nginx, t, ask).0 == said && seen.is_some_and(|s| s.verdict() == found)
                    };
                    return Err(format!(
                        "{}: {}: wslint says {said} ({why}), nginx {}: {:?} {:?}\n{}{}",
                        ask.root,
                        ask.url,
                        seen.verdict(),
                        seen.error,
                        seen.refused,
                        show(&generate::smaller(tree, &same)),
                        rendering.map(|r| format!("{r:?}\n")).unwrap_or_default()
                    ));
                }
            }
            befores.push((ask, *rendering, seen));
        }
    }
    for fixed in fixes(nginx, case, number)? {
        if fixed == *tree {
            continue;
        }
        count("changed");
        let mut opened = false;
        for (ask, rendering, before) in &befores {
            let put = for_nginx(&fixed, ask.root, *rendering);
            let Some(after) = observe(nginx, backend, &put, &ask.url) else {
                leave_out("the harness cannot ask about the fixed file");
                continue;
            };
            let shown = || {
                let asked = format!("{} {} {rendering:?}\n", ask.root, ask.url);
                format!("{asked}before\n{}after\n{}put to nginx\n{}", show(tree), show(&fixed), show(&put))
            };
            let told = |e: Failed| e.message().unwrap_or_default().to_owned();
            harms_nothing(&for_nginx(tree, ask.root, *rendering), before, &after, &shown).map_err(told)?;
            let (said, why) = self::said(nginx, &fixed, ask);
            let refused = rendering.is_some() && said == "broken" && after.verdict() == "rejected";
            let agrees = refused || said == "unknown" || said == after.verdict();
            check(
                agrees,
                format!("fixed, wslint says {said} ({why}), nginx {}: {:?}\n{}", after.verdict(), after.error, shown()),
            )
            .map_err(told)?;
            opened |= opens(before, &after);
        }
        if opened {
            count("opened");
        }
    }
    Ok(())
}

fn opens(before: &Observation, after: &Observation) -> bool {
    before.verdict() != "upgrades" && after.verdict() == "upgrades"
}

/// What the safe fixes make of a case: of one root about its URL or, every other time, about everything; of
/// several roots when all are named, and when each is named alone.
fn fixes(nginx: &Nginx, case: &Case, number: u64) -> Result<Vec<Tree>, String> {
    let roots: Vec<&str> = case.asks.iter().map(|a| a.root).collect();
    if let [_] = roots[..] {
        let url = number.is_multiple_of(2).then_some(case.asks[0].url.as_str());
        let options = common::options(Some(nginx.version()), url);
        let fixed = common::fixed(&case.tree, &options, false)?;
        if common::fixed(&fixed, &options, false)? != fixed {
            return Err(format!("a second fix changes something\n{}after\n{}", show(&case.tree), show(&fixed)));
        }
        return Ok(vec![fixed]);
    }
    let options = common::options(Some(nginx.version()), None);
    let mut out = vec![crate::disk::mended(&case.tree, &roots, &options)?];
    for root in roots {
        out.push(crate::disk::mended(&case.tree, &[root], &options)?);
    }
    out.dedup();
    Ok(out)
}
