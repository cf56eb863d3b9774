"use strict";
// An OPC UA server by other people: `variables` counters that step together every `period` ms, `ticks` times.
// usage: node server.js <port> <pki folder> <variables> <period ms> <ticks>
// Prints "ready"; starts counting at the line "go" on its input; prints "done" after the last tick.

const path = require("node:path");
const modules = path.resolve(process.env.NODE_PATH || "node_modules");
const load = (name) => require(require.resolve(name, { paths: [modules, __dirname] }));
const { OPCUAServer } = load("node-opcua-server");
const { OPCUACertificateManager } = load("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = load("node-opcua-secure-channel");
const { DataType } = load("node-opcua-variant");

const [port, pki, variables, period, ticks] = process.argv.slice(2).map((a, i) => (i === 1 ? a : Number(a)));

async function main() {
  const server = new OPCUAServer({
    port,
    hostname: "127.0.0.1",
    resourcePath: "/",
    securityModes: [MessageSecurityMode.None],
    securityPolicies: [SecurityPolicy.None],
    allowAnonymous: true,
    serverCertificateManager: new OPCUACertificateManager({ rootFolder: path.join(pki, "server") }),
    userCertificateManager: new OPCUACertificateManager({ rootFolder: path.join(pki, "user") }),
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace("urn:third-party");
  const folder = own.addFolder(space.rootFolder.objects, { browseName: "Counters" });
  const nodes = [];
  for (let i = 0; i < variables; i++) {
    const node = own.addVariable({
      componentOf: folder,
      browseName: `c${i}`,
      nodeId: `s=c${i}`,
      dataType: "Double",
      minimumSamplingInterval: 0,
    });
    node.setValueFromSource({ dataType: DataType.Double, value: 0 });
    nodes.push(node);
  }
  await server.start();
  process.stdout.write("ready\n");
  process.stdin.once("data", () => {
    let tick = 0;
    const begin = Date.now();
    const step = () => {
      tick += 1;
      const now = new Date();
      for (const node of nodes) node.setValueFromSource({ dataType: DataType.Double, value: tick }, undefined, now);
      if (tick >= ticks) process.stdout.write("done\n");
      else setTimeout(step, Math.max(0, begin + tick * period - Date.now()));
    };
    step();
  });
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
