//! The tutorial's cases (a) and (b) end to end, beside the ceiling: the same HTTP hops without a store.

use anyhow::Result;

use crate::{
    Settings,
    api::server,
    load::Shot,
    measure::{Cell, RATES, rates, row},
    profile,
    report::Table,
    sink::Sink,
    stub::Stub,
    tutorial, usage,
};

pub async fn run(settings: &Settings) -> Result<Vec<Table>> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let columns: Vec<&str> =
        ["system"].into_iter().chain(RATES).chain(["CPU ms/flow at 64", "peak RSS / PSS MB"]).collect();
    let title = "Case (a), one POST at the sink; generator, sink and server share the machine.";
    let mut table = Table::new(title, &columns);
    let stub = Stub::ceiling(&world)?;
    let shot = Shot::post(format!("{}/small", stub.base), None, tutorial::profile_event("100.00", "basic"));
    let ceiling = row(&shot, &sink, &[stub.id()]).await?;
    table.row(cells("axum + hyper client, no store (ceiling)", &ceiling, stub.id()));
    drop(stub);

    let (_folder, zis, api) = server()?;
    tutorial::install(&api, &world).await?;
    let small = tutorial::shot(&api, "100.00", "basic");
    let measured = row(&small, &sink, &[zis.id()]).await?;
    table.row(cells(ZIS, &measured, zis.id()));
    let ratio = measured[2].run.per_second / ceiling[2].run.per_second;
    table.note(format!("zis : ceiling at 64 is {ratio:.2}."));

    let mut premium = Table::new("Case (b), a GET of the profile and a POST at the sink.", &columns);
    let large = tutorial::shot(&api, "200.00", "premium");
    let measured = row(&large, &sink, &[zis.id()]).await?;
    premium.row(cells(ZIS, &measured, zis.id()));
    let mut tables = vec![table, premium];
    if settings.profile {
        tables.extend(profile::take("case (a) at 64 lanes", &small, &sink, zis.id()).await?);
        tables.extend(profile::take("case (b) at 64 lanes", &large, &sink, zis.id()).await?);
    }
    Ok(tables)
}

const ZIS: &str = "zis, SQLite, synchronous=FULL";

fn cells(name: &str, row: &[Cell; 3], pid: u32) -> Vec<String> {
    let used = [format!("{:.3}", row[2].cpu_ms), format!("{:.0} / {:.0}", usage::peak_mb(pid), row[2].pss_mb)];
    [name.to_owned()].into_iter().chain(rates(row)).chain(used).collect()
}
