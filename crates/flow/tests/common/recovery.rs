//! Cuts a journal at every prefix, recovers, finishes, and compares: nothing may differ from the run that was never cut.

use std::sync::Arc;

use zis_flow::{
    Effect, Machine, Outcome, Program, Step, Value,
    journal::{self, Finish, Pin, Record},
    machine::End,
    replay::{Begin, Restored, restore},
    simulate::{Report, Simulation},
    trace,
};

/// Checks the journal of a simulated run in every way.
pub fn check(simulation: &Simulation, report: &Report) {
    let records = &report.records;
    assert_eq!(&journal::decode(&journal::encode(records)).unwrap(), records, "the journal reads back");
    let mut status = None;
    for record in records {
        status = Some(journal::advance(status, record).unwrap());
    }
    assert!(status.unwrap().is_ended());
    let shown: Vec<_> = simulation.connections.as_object().into_iter().flat_map(|all| all.values()).collect();
    let is_shown = shown.iter().all(|one| one.get("access_token").and_then(Value::as_str) == Some("*****"));
    if is_shown && simulation.from_state.is_none() {
        let visits = trace::replay(records, &mut |_| Some(simulation.program.clone()));
        for (replayed, seen) in visits.iter().zip(&report.visits) {
            assert_eq!(replayed, seen, "the trace of the journal is the trace of the run");
        }
        assert_eq!(visits.len(), report.visits.len(), "the trace of the journal is as long as that of the run");
    }
    if simulation.from_state.is_none() {
        for cut in 1..=records.len() {
            let restored = recover(simulation, &records[..cut]);
            Finisher { simulation, records, at: cut, restored }.finish();
        }
    }
}

pub fn recover(simulation: &Simulation, records: &[Record]) -> Restored {
    let mut program = |_: &Pin| Some::<Arc<Program>>(simulation.program.clone());
    let mut connections = |_: &Program| -> Value { simulation.connections.clone() };
    restore(records, &mut program, &mut connections).unwrap_or_else(|error| panic!("{error}: {records:#?}"))
}

/// Goes on after the cut the way a server would, with the world that the records tell of.
struct Finisher<'s> {
    simulation: &'s Simulation,
    records: &'s [Record],
    at: usize,
    restored: Restored,
}

impl Finisher<'_> {
    fn finish(mut self) {
        for record in &self.records[self.at..] {
            self.expect(record);
            self.at += 1;
        }
    }

    /// The recovered execution is about to do what `record` says was done.
    fn expect(&mut self, record: &Record) {
        let cut = self.at;
        match record {
            Record::AttemptStarted { at, deadline, may_retry, .. } => {
                let next = self.restored.next.unwrap_or_else(|| panic!("no attempt is due at {cut}"));
                assert_eq!(next.at, *at);
                let begin = Begin { now: *at, deadline: *deadline, may_retry: *may_retry };
                let connections = self.simulation.connections.clone();
                assert_eq!(&self.restored.begin(self.simulation.program.clone(), connections, begin), record);
                self.run();
            }
            Record::CallDone { id, path, outcome, at, .. } => {
                let asked = self.restored.outstanding.iter().position(|asked| asked.effect.id() == *id);
                let asked = asked.unwrap_or_else(|| panic!("call {id:?} is not asked for at {cut}"));
                match self.restored.outstanding.remove(asked).effect {
                    Effect::Call(call) => assert_eq!(&call.path, path),
                    other => panic!("{other:?} at {cut}"),
                }
                self.machine().resume(*id, outcome.clone().into(), *at);
                self.run();
            }
            Record::WaitStarted { id, path, until, .. } => {
                let asked = self.restored.outstanding.iter_mut().find(|asked| asked.effect.id() == *id);
                let Some(asked) = asked else {
                    // Another iteration failed the Map, or ended the attempt, before this wait began: nobody needs it.
                    assert!(!self.machine().is_waiting_for(*id), "wait {id:?} is forgotten at {cut}");
                    return;
                };
                assert!(!asked.recorded);
                asked.recorded = true;
                assert_eq!(asked.effect, Effect::Wait { id: *id, path: path.clone(), until: *until });
            }
            Record::WaitFired { id, at, .. } => {
                let asked = self.restored.outstanding.iter().position(|asked| asked.effect.id() == *id).unwrap();
                assert!(self.restored.outstanding.remove(asked).recorded);
                self.machine().resume(*id, Outcome::Nothing, *at);
                self.run();
            }
            Record::AttemptFailed { path, failure, retry_at, from, .. } => {
                let Some(End::Retry { path: own, failure: why, .. }) = self.restored.end.take() else {
                    panic!("no retry is due at {cut}")
                };
                assert_eq!((&own, &why), (path, failure));
                self.restored.next = Some(zis_flow::replay::Next { at: *retry_at, from: *from });
            }
            Record::Finished { result, .. } => {
                let end = self.restored.end.take().unwrap_or_else(|| panic!("not ended at {cut}"));
                let own = match end {
                    End::Succeeded { message, .. } => Finish::Succeeded { message },
                    End::Failed { failure, state, path } => Finish::Failed { failure, state, path },
                    End::TimedOut { state, path } => Finish::TimedOut { state, path },
                    End::Retry { .. } => panic!("a retry is no end"),
                };
                assert_eq!(&own, result);
            }
            other => panic!("a simulation does not write {other:?}"),
        }
    }

    fn machine(&mut self) -> &mut Machine {
        self.restored.machine.as_mut().unwrap()
    }

    fn run(&mut self) {
        loop {
            match self.machine().step() {
                Step::Perform(Effect::Evaluate { id, job }) => {
                    let outcome = Outcome::of_jq(job.run());
                    self.machine().resume(id, outcome, zis_flow::Timestamp(0));
                }
                Step::Perform(effect) => {
                    self.restored.outstanding.push(zis_flow::replay::Outstanding { effect, recorded: false });
                }
                Step::Blocked => return,
                Step::End(end) => {
                    self.restored.end = Some(end);
                    return;
                }
            }
        }
    }
}
