//! `zis graph`: a flow as SVG, Mermaid or DOT.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use zis_lint::graph::{Graph as DrawnFlow, dot, mermaid};

use crate::{
    cli::{Graph, GraphFormat},
    testing::subject::Subject,
};

pub fn run(args: &Graph) -> Result<ExitCode> {
    let subject = Subject::load(&args.file, &BTreeMap::new())?;
    let flow = subject.flow(args.flow.as_deref())?;
    let picture = match args.format {
        GraphFormat::Svg => zis_server::graph::svg(flow),
        GraphFormat::Mermaid => mermaid(&DrawnFlow::new(flow)),
        GraphFormat::Dot => dot(&DrawnFlow::new(flow)),
    };
    anstream::println!("{picture}");
    Ok(ExitCode::SUCCESS)
}
