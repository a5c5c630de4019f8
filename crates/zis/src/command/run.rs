//! `zis run`: one flow in this process, its trace on the terminal.

use std::{collections::BTreeMap, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, bail};
use zis_flow::{
    Program, Settings, Value,
    journal::{Finish, Record},
    simulate::{Report, Simulation},
    trace,
};
use zis_server::VisitOut;

use crate::{
    cli::{Output, Run},
    command::{block_on, live, trace as tree},
    files,
    style::{self, paint},
    testing::{
        mock::Mocks,
        subject::{Subject, connections, known},
        world::World,
    },
};

pub fn run(args: Run) -> Result<ExitCode> {
    let text = files::bundle(&args.file, args.values.as_deref())?;
    let subject = Subject::of(&text, &args.file)?;
    if args.live {
        return block_on(live::run(&args, &subject, &text));
    }
    let mut flow = subject.flow(args.flow.as_deref())?.clone();
    if let Some(state) = &args.from {
        let states = flow.definition.states.iter().map(|state| state.name.value.as_str());
        known("state", [state], states)?;
        flow.definition.start_at.value.clone_from(state);
    }
    let program = subject.compile(&flow, Settings::default())?;
    let document = match (&args.input, &args.event) {
        (Some(file), _) => files::value(file)?,
        (None, Some(file)) => subject.document(files::value(file)?),
        (None, None) => {
            bail!("say what happened: --event FILE (what stands at $.input) or --from STATE --input FILE (the whole $)")
        }
    };
    let mocks: Mocks = match &args.mock {
        Some(file) => {
            let mocks = files::yaml(file, "mock file")?;
            subject.knows(&mocks).with_context(|| file.display().to_string())?;
            mocks
        }
        None => Mocks::new(),
    };
    let report = simulate(&program, document, mocks);
    print(&args, &program, &report)
}

fn simulate(program: &Arc<Program>, document: Value, mocks: Mocks) -> Report {
    let mut world = World::new(mocks, BTreeMap::new(), Vec::new());
    let mut simulation = Simulation::new(program.clone(), document);
    simulation.connections = connections(program);
    let now = simulation.now;
    simulation.run(&mut |call, attempt| world.reply(call, attempt, now))
}

fn print(args: &Run, program: &Arc<Program>, report: &Report) -> Result<ExitCode> {
    let visits = trace::replay(&report.records, &mut |_| Some(program.clone()));
    let trace: Vec<serde_json::Value> =
        visits.into_iter().map(|visit| serde_json::to_value(VisitOut::from(visit))).collect::<Result<_, _>>()?;
    let finish = report.records.iter().rev().find_map(|record| match record {
        Record::Finished { result, .. } => Some(result),
        _ => None,
    });
    if args.format == Output::Json {
        anstream::println!("{}", serde_json::json!({"finish": finish, "attempts": report.attempts, "trace": trace}));
    } else {
        tree::lines(&trace).iter().for_each(|line| anstream::println!("{line}"));
        anstream::println!("{}", ending(finish));
    }
    Ok(if matches!(finish, Some(Finish::Succeeded { .. })) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn ending(finish: Option<&Finish>) -> String {
    match finish {
        Some(Finish::Succeeded { message }) => format!("{}: {message}", paint(style::GOOD, "succeeded")),
        Some(Finish::Failed { failure, path, .. }) => {
            let place = path.as_deref().unwrap_or("the start");
            format!("{} at {place}: {}: {}", paint(style::BAD, "failed"), failure.error, failure.cause)
        }
        Some(Finish::TimedOut { path, .. }) => {
            format!("{} at {}", paint(style::BAD, "timed out"), path.as_deref().unwrap_or("the start"))
        }
        None => "did not end".to_owned(),
    }
}
