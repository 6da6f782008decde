// Package otlp sends spans and log lines to a collector of OpenTelemetry, by OTLP over
// HTTP. It is a package of its own because of its SDK: an importer of
// learnsnap/telemetry pays for the API alone.
//
// The standard's variables configure it, in the environment of the process, and no
// others: without an endpoint there all is off and nothing is started.
//
//	OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318   (also …_TRACES_ENDPOINT, …_LOGS_ENDPOINT)
//	OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, …
//	OTEL_TRACES_EXPORTER=none, OTEL_LOGS_EXPORTER=none, OTEL_SDK_DISABLED=true
//	OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_…, OTEL_BLRP_…
//
// A program asks for both and runs what it got:
//
//	exporter, err := otlp.New(ctx, otlp.Config{Version: "1.2.3"})
//	tracing := telemetry.NewTracing(telemetry.TracingConfig{Provider: exporter.Traces()})
//	log := slog.New(telemetry.NewLogHandler(os.Stdout, telemetry.LogConfig{Also: exporter.Logs(slog.LevelInfo)}))
//	lifecycle.Add("telemetry", exporter.Run)
//
// A collector that is slow or away costs spans and lines, never a request: what does
// not fit the queues is dropped.
package otlp
