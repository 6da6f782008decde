package main

// boards returns all dashboards. Every panel asks what an operator asks at 3 AM; the
// first row of each answers "is it bad".
func boards() []board {
	return []board{overview(), models(), money(), objectives()}
}

func overview() board {
	return board{name: "overview", title: "LearnSnap: overview", rows: []row{
		{"Is it up", []panel{
			stat("Instances up", "short", `sum(up{job="learnsnap"})`),
			stat("Failing requests", "percentunit", `sum(rate(http_requests_total{`+requests+`,status=~"5.."}[5m])) / sum(rate(http_requests_total{`+requests+`}[5m]))`),
			stat("Quiz P95", "s", `histogram_quantile(0.95, sum by (le) (rate(quiz_generation_duration_seconds_bucket[15m])))`),
			stat("Oldest waiting job", "s", `max(jobs_oldest_seconds)`),
			stat("Dead letters", "short", `max(jobs_dead_total)`),
			stat("Breakers not closed", "short", `sum(max by (provider) (circuit_breaker_state{state!="CLOSED"}))`),
		}},
		{"Requests", []panel{
			graph("Requests by status", "reqps", q(`sum by (status) (rate(http_requests_total{`+requests+`}[$__rate_interval]))`, "{{status}}")),
			graph("Failing routes", "reqps", q(`sum by (route, status) (rate(http_requests_total{status=~"5.."}[$__rate_interval])) > 0`, "{{route}} {{status}}")),
			graph("Time of requests, P50 and P99", "s",
				q(`histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{`+requests+`}[$__rate_interval])))`, "P50"),
				q(`histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{`+requests+`}[$__rate_interval])))`, "P99")),
		}},
		{"Quizzes", []panel{
			graph("Time to first question and to ready, P95", "s",
				q(`histogram_quantile(0.95, sum by (le) (rate(quiz_time_to_first_question_seconds_bucket[$__rate_interval])))`, "first question"),
				q(`histogram_quantile(0.95, sum by (le) (rate(quiz_generation_duration_seconds_bucket[$__rate_interval])))`, "ready")),
			graph("Questions", "ops", q(`sum by (outcome) (rate(quiz_questions_total[$__rate_interval]))`, "{{outcome}}")),
			graph("Jobs", "short", q(`max by (state) (jobs_depth)`, "{{state}}")),
		}},
		{"Machine", []panel{
			graph("Memory, share of the limit", "percentunit", q(`max by (instance) (memory_used_bytes) / max by (instance) (memory_limit_bytes)`, "{{instance}}")),
			graph("Database connections", "short", q(`sum by (state) (db_pool_connections)`, "{{state}}")),
			graph("Waiting for a connection", "s", q(`sum by (instance) (rate(db_pool_wait_seconds_sum[$__rate_interval]))`, "{{instance}}")),
			graph("Processor", "short", q(`rate(process_cpu_seconds_total{job="learnsnap"}[$__rate_interval])`, "{{instance}}")),
			graph("Goroutines", "short", q(`go_goroutines{job="learnsnap"}`, "{{instance}}")),
			graph("Free disk", "bytes", q(`node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"}`, "{{instance}} {{mountpoint}}")),
		}},
		{"Switches and builds", []panel{
			graph("Flags that are on", "short", q(`max by (flag) (feature_flag_enabled) == 1`, "{{flag}}")),
			graph("Limits are shared", "short", q(`min by (instance) (limits_shared)`, "{{instance}}")),
			graph("Builds", "short", q(`sum by (version, revision) (learnsnap_build_info)`, "{{version}} {{revision}}")),
			graph("Age of the last proved backup", "s", q(`time() - max(backup_last_success_timestamp_seconds)`, "age")),
		}},
	}}
}

func models() board {
	return board{name: "ai", title: "LearnSnap: models", rows: []row{
		{"How they do", []panel{
			stat("Usable answers", "percentunit", `sum(rate(ai_requests_total{outcome=~"ok|length|left"}[15m])) / sum(rate(ai_requests_total{outcome!~"cancelled|rejected"}[15m]))`),
			stat("Refused for quota", "percentunit", `sum(rate(ai_requests_total{outcome=~"rate_limited|quota_exhausted"}[15m])) / sum(rate(ai_requests_total{outcome!~"cancelled|rejected"}[15m]))`),
			stat("Calls under way", "short", `sum(ai_inflight)`),
		}},
		{"Calls", []panel{
			graph("Calls by outcome", "ops", q(`sum by (provider, outcome) (rate(ai_requests_total[$__rate_interval]))`, "{{provider}} {{outcome}}")),
			graph("Time of a call, P95", "s", q(`histogram_quantile(0.95, sum by (le, provider) (rate(ai_request_duration_seconds_bucket[$__rate_interval])))`, "{{provider}}")),
			graph("Under way", "short", q(`sum by (provider) (ai_inflight)`, "{{provider}}")),
		}},
		{"Behind the calls", []panel{
			graph("Breakers", "short", q(`max by (provider, state) (circuit_breaker_state{provider!="paylink"}) == 1`, "{{provider}} {{state}}")),
			graph("Tokens", "short", q(`sum by (provider, direction) (rate(ai_tokens_total[$__rate_interval]))`, "{{provider}} {{direction}}")),
			graph("Checked by a second model", "ops", q(`sum by (outcome) (rate(quiz_verifications_total[$__rate_interval]))`, "{{outcome}}")),
		}},
	}}
}

func money() board {
	return board{name: "money", title: "LearnSnap: money", rows: []row{
		{"Today", []panel{
			stat("Spent on models, 24 h", "currencyUSD", `sum(increase(ai_cost_usd_total[1d]))`),
			stat("Of it estimated", "percentunit", `sum(increase(ai_cost_estimated_usd_total[1d])) / sum(increase(ai_cost_usd_total[1d]))`),
			stat("A quiz costs", "currencyUSD", `sum(increase(ai_cost_usd_total[1d])) / sum(increase(quiz_generation_duration_seconds_count[1d]))`),
			stat("Payments that ended in pages", "percentunit", `sum(increase(payments_total{outcome="paid"}[1d])) / sum(increase(payments_total{outcome=~"paid|failed"}[1d]))`),
		}},
		{"Models", []panel{
			graph("Dollars an hour", "currencyUSD", q(`sum by (provider, model) (rate(ai_cost_usd_total[1h])) * 3600`, "{{provider}}/{{model}}")),
			graph("Tokens an hour", "short", q(`sum by (model, direction) (rate(ai_tokens_total[1h])) * 3600`, "{{model}} {{direction}}")),
		}},
		{"Pages and payments", []panel{
			graph("Pages moved", "short", q(`sum by (action) (increase(credits_pages_total[1h]))`, "{{action}}")),
			graph("Payments", "short", q(`sum by (outcome) (increase(payments_total[1h]))`, "{{outcome}}")),
			graph("Webhooks", "short", q(`sum by (outcome) (increase(webhook_events_total[1h]))`, "{{outcome}}")),
		}},
		{"Left lying", []panel{
			graph("Payments for an operator to look at", "short", q(`max(payments_stuck)`, "payments")),
			graph("Webhooks that wait", "short", q(`max(webhook_events_waiting)`, "webhooks")),
			graph("Paylink's breaker", "short", q(`max by (state) (circuit_breaker_state{provider="paylink"}) == 1`, "{{state}}")),
		}},
	}}
}

func objectives() board {
	return board{name: "slo", title: "LearnSnap: objectives", rows: []row{
		{"Budgets of 30 days", []panel{
			graph("Left, as Prometheus counts", "percentunit", q(`slo:error_budget:remaining_ratio`, "{{slo}}")),
			graph("Left, as the server counts", "percentunit", q(`min by (slo) (slo_error_budget_remaining_ratio)`, "{{slo}}")),
		}},
		{"Burn rates (1 lasts 30 days)", []panel{
			graph("Over 5 minutes", "short", q(`slo:burn_rate:ratio{window="5m"}`, "{{slo}}")),
			graph("Over 1 hour (14.4 wakes)", "short", q(`slo:burn_rate:ratio{window="1h"}`, "{{slo}}")),
			graph("Over 6 hours (6 wakes)", "short", q(`slo:burn_rate:ratio{window="6h"}`, "{{slo}}")),
			graph("Over 3 days", "short", q(`slo:burn_rate:ratio{window="3d"}`, "{{slo}}")),
			graph("As the server counts, over 1 hour", "short", q(`max by (slo) (slo_burn_rate{window="1h"})`, "{{slo}}")),
		}},
	}}
}
