// Node-RED for the benchmark: loopback only, no editor, nothing told to anybody.
module.exports = {
    uiHost: "127.0.0.1",
    uiPort: Number(process.env.BENCH_PORT),
    flowFile: "flows.json",
    httpAdminRoot: false,
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "warn", metrics: false, audit: false } },
};
