-- Optional, after snowflake_setup.sql: a limit for what Tidemark may cost, and for where its user may come from. Safe to run again.
-- Replace the quota and the addresses by yours before you run it: a wrong address locks the user out until the policy is unset.

-- 1. Cost. A resource monitor is made by ACCOUNTADMIN alone. At 100 % running statements still end; at 110 % they are stopped, and
-- the run fails without having published anything.
use role accountadmin;

create resource monitor if not exists tidemark with
    credit_quota = 20
    frequency = monthly
    start_timestamp = immediately
    triggers
        on 80 percent do notify
        on 100 percent do suspend
        on 110 percent do suspend_immediate;

alter warehouse tidemark set resource_monitor = tidemark;

-- 2. Network. Of the service user alone, so that nobody else is locked out: the addresses from which Airflow reaches Snowflake
-- (Astro: the cluster's outbound addresses; MWAA: the NAT gateways of its VPC).
use role securityadmin;

create network policy if not exists tidemark
    allowed_ip_list = ('203.0.113.10/32', '203.0.113.11/32')
    comment = 'Where Airflow runs Tidemark from';

alter user tidemark_service set network_policy = tidemark;
