-- A lead that a merge brought: what its shard says of it fills no page that is fetched here.

ALTER TABLE leads ADD COLUMN origin TEXT;
