-- Makes everything in Snowflake that Tidemark needs, and nothing more. Safe to run again: what stands is kept, and grants are
-- only added. Run it as a user who may use SYSADMIN and SECURITYADMIN; replace the names below to your own taste, and give the
-- same names to the Airflow connection (see docs/snowflake.md).

-- Names that are used below:
--   database   TIDEMARK          warehouse  TIDEMARK
--   TIDEMARK_RUNNER  the role of the pipeline       TIDEMARK_LOADER  the role of whatever fills the raw tables, if anything does
--   TIDEMARK_READER  the role of consumers          TIDEMARK_SERVICE the user that Airflow logs in as

-- 1. Storage and compute: owned by SYSADMIN, so that no role of the pipeline can drop or resize them.
use role sysadmin;

create database if not exists tidemark
    data_retention_time_in_days = 1
    comment = 'Customer segments as of the first of the month';

-- A month is minutes of work: suspended after a minute, and never for longer than an hour at a time.
create warehouse if not exists tidemark
    warehouse_size = xsmall
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    statement_timeout_in_seconds = 3600
    comment = 'Tidemark. Cost by query_tag: dag, run_key, task, family';

-- With managed access only the schema's owner grants, so a table's creator cannot open it to others.
create schema if not exists tidemark.raw with managed access
    comment = 'Landed source tables';
create schema if not exists tidemark.staging with managed access
    comment = 'Typed views over raw, and seeds';
create transient schema if not exists tidemark.core with managed access
    comment = 'Facts by day, without an as-of date, can be rebuilt from raw';
create transient schema if not exists tidemark.runs with managed access
    comment = 'Candidate rows of every run, can be rebuilt from core';
create schema if not exists tidemark.marts with managed access
    comment = 'What is published: views that consumers read';
-- The ledger can't be rebuilt: it is not transient, so Fail-safe covers it.
create schema if not exists tidemark.control with managed access
    data_retention_time_in_days = 1
    comment = 'Publication ledger, loads, gate results';

-- 2. Roles. They belong to SYSADMIN, as roles of objects should.
use role securityadmin;

create role if not exists tidemark_runner comment = 'The pipeline';
create role if not exists tidemark_loader comment = 'Fills the raw tables';
create role if not exists tidemark_reader comment = 'Reads what is published, and nothing else';
grant role tidemark_runner to role sysadmin;
grant role tidemark_loader to role sysadmin;
grant role tidemark_reader to role sysadmin;

-- The pipeline owns what it makes. It may neither make a schema nor grant; it reads and fills raw.
grant usage on database tidemark to role tidemark_runner;
-- Only for runs with known_at, which build staging and facts in schemas of their own and drop them at their end:
-- grant create schema on database tidemark to role tidemark_runner;
grant usage, operate on warehouse tidemark to role tidemark_runner;
grant usage, create table on schema tidemark.raw to role tidemark_runner;
grant usage, create table, create view on schema tidemark.staging to role tidemark_runner;
grant usage, create table on schema tidemark.core to role tidemark_runner;
grant usage, create table on schema tidemark.runs to role tidemark_runner;
grant usage, create view on schema tidemark.marts to role tidemark_runner;
grant usage, create table on schema tidemark.control to role tidemark_runner;
-- Where a loader of your own fills raw, the pipeline only reads it.
grant select on all tables in schema tidemark.raw to role tidemark_runner;
grant select on future tables in schema tidemark.raw to role tidemark_runner;
grant select on future views in schema tidemark.raw to role tidemark_runner;

-- The loader makes and fills raw tables.
grant usage on database tidemark to role tidemark_loader;
grant usage on warehouse tidemark to role tidemark_loader;
grant usage, create table, create view on schema tidemark.raw to role tidemark_loader;

-- Consumers see the views of marts. A view runs with its owner's rights, so they need nothing on runs, core or raw.
grant usage on database tidemark to role tidemark_reader;
grant usage on warehouse tidemark to role tidemark_reader;
grant usage on schema tidemark.marts to role tidemark_reader;
grant select on all views in schema tidemark.marts to role tidemark_reader;
-- dbt replaces a view when its columns change; the new one is granted by this.
grant select on future views in schema tidemark.marts to role tidemark_reader;

-- 3. The service user: no password, no role but its own. Give it a public key (alter user ... set rsa_public_key = '...').
use role useradmin;

create user if not exists tidemark_service
    type = service
    default_role = tidemark_runner
    default_warehouse = tidemark
    default_namespace = tidemark.control
    comment = 'Airflow runs Tidemark as this user';

use role securityadmin;

grant role tidemark_runner to user tidemark_service;

-- What the project's SQL takes for granted, whatever the account's defaults are.
alter user tidemark_service set
    timezone = 'UTC'
    timestamp_type_mapping = 'TIMESTAMP_NTZ'
    week_start = 0;
