//! `zis explain`: the page of a rule or an error.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::Explain;

pub fn run(args: &Explain) -> Result<ExitCode> {
    let Some(code) = &args.code else {
        zis_lint::rules::names().for_each(|(code, title)| anstream::println!("{code}  {title}"));
        let errors = zis_lint::errors::PAGES.iter();
        errors.for_each(|(code, page)| anstream::println!("{code}  {}", zis_lint::errors::title(page)));
        return Ok(ExitCode::SUCCESS);
    };
    let Some(page) = zis_lint::explain(code) else {
        bail!("there is no rule or error `{code}`; `zis explain` lists them");
    };
    anstream::println!("{page}");
    Ok(ExitCode::SUCCESS)
}
