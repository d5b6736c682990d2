-- A host's next lead is found by an index, however many wait there: by sorting them all it took 0.05 ms of 100.

CREATE INDEX leads_new ON leads (host, id) WHERE next_visit_at IS NOT NULL AND rung = 0;
