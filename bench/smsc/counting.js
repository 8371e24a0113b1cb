// An SMSC made of the npm package `smpp` that counts: each submit is a line of the file given, written before it
// is answered, so that a kill at any moment leaves on record all that was taken.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const [port, log, answerAfterMs, receiptAfterMs] = process.argv.slice(2);
const file = fs.openSync(log, 'a');
const life = process.hrtime.bigint().toString(36);  // ids are never given twice, not even after a restart
let lastId = 0;

function receipt(link, pdu, id) {
  if (!link.closed) {
    link.deliver_sm({
      esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611221403 done date:2611221403 stat:DELIVRD err:000 text:`,
      receipted_message_id: id, message_state: 2,
    });
  }
}

function later(ms, act) {
  if (Number(ms)) setTimeout(act, Number(ms)); else act();
}

const server = smpp.createServer((link) => {
  link.on('error', () => link.destroy());
  link.on('bind_transceiver', (pdu) => link.send(pdu.response({ system_id: 'npm' })));
  link.on('submit_sm', (pdu) => {
    fs.writeSync(file, `${Date.now()} ${pdu.short_message.message}\n`);
    const id = `${life}-${++lastId}`;
    later(answerAfterMs, () => {
      if (!link.closed) link.send(pdu.response({ message_id: id }));
      if (pdu.registered_delivery & 1) later(receiptAfterMs, () => receipt(link, pdu, id));
    });
  });
  link.on('enquire_link', (pdu) => link.send(pdu.response()));
  link.on('unbind', (pdu) => { link.send(pdu.response()); link.close(); });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
