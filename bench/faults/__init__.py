"""The fault matrix: alerts on real Asterisk, each with one fault at a seeded moment, judged from outside.

The witnesses are the exchange's records and what the phones recorded; the ledger is never asked, but for
whether the alert is over. See docs/faults.md. Rooms: `cast` (who is called, and when the fault comes),
`breakage` (the faults), `clock` and `disk` (what two of them stand on), `case` (one alert and its count),
`matrix` (all of them).
"""
