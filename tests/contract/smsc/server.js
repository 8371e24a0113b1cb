// An SMSC made of the npm package `smpp`. Tells what it sees as JSON lines on stdout, and takes orders as JSON
// lines on stdin: {"mode": {...}} changes how it behaves, {"send": NAME, "fields": {...}} sends a PDU,
// {"raw": HEX} sends octets, {"release": true} answers the submits that were held back.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const [port, systemId, password, pem] = process.argv.slice(2);  // pem: key and certificate, for TLS
const mode = { hold: false, mute: false, refuse: 0 };
const held = [];
let session = null;
let lastId = 0;

const say = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');

function bind(link, pdu) {
  const ok = pdu.system_id === systemId && pdu.password === password;
  say('bind', { ok, as: pdu.command });
  if (ok) session = link;
  link.send(pdu.response(ok ? { system_id: 'npm' } : { command_status: smpp.ESME_RINVPASWD }));
  if (!ok) link.close();
}

function receipt(link, pdu, id) {
  link.deliver_sm({
    esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:2611221403 done date:2611221403 stat:DELIVRD err:000 text:`,
    receipted_message_id: id, message_state: 2,
  });
}

function submit(link, pdu) {
  const { message = '', udh = [] } = pdu.short_message;
  const fields = { text: message, udh: udh.map((element) => element.toString('hex')) };
  for (const key of ['source_addr_ton', 'source_addr_npi', 'source_addr', 'dest_addr_ton', 'dest_addr_npi',
    'destination_addr', 'esm_class', 'data_coding', 'registered_delivery']) fields[key] = pdu[key];
  say('submit', fields);
  const answer = () => {
    if (mode.refuse) return link.send(pdu.response({ command_status: mode.refuse }));
    const id = `npm-${++lastId}`;
    link.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery & 1) receipt(link, pdu, id);
  };
  if (mode.hold) held.push(answer); else answer();
}

const server = smpp.createServer(pem ? { key: fs.readFileSync(pem), cert: fs.readFileSync(pem) } : {}, (link) => {
  link.on('error', () => link.destroy());
  for (const how of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) link.on(how, (pdu) => bind(link, pdu));
  link.on('submit_sm', (pdu) => submit(link, pdu));
  link.on('enquire_link', (pdu) => { say('enquire'); if (!mode.mute) link.send(pdu.response()); });
  link.on('unbind', (pdu) => { say('unbind'); link.send(pdu.response()); link.close(); });
  for (const answer of ['deliver_sm_resp', 'enquire_link_resp', 'unbind_resp', 'generic_nack']) {
    link.on(answer, (pdu) => say(answer, { status: pdu.command_status }));
  }
});

function obey(order) {
  if (order.mode) Object.assign(mode, order.mode);
  if (order.release) { mode.hold = false; held.splice(0).forEach((answer) => answer()); }
  if (order.send) session[order.send](order.fields || {});
  if (order.raw) session.socket.write(Buffer.from(order.raw, 'hex'));
  say('obeyed');
}

readline.createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)))
  .on('close', () => process.exit(0));  // never outlives the test that started it
server.listen(Number(port), '127.0.0.1', () => say('listening', { port: server.address().port }));
