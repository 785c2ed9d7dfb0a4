namespace Llm42.Server.Operation;

/// <summary>What a server and its engine tell Prometheus.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All metrics of a server.</summary>
    public static string Of(ServedModel model, HttpMetrics http, EngineLatencies latencies)
    {
        var statistics = model.Engine.Statistics;
        var load = statistics.Load;
        var text = new MetricsWriter();
        text.Gauge(
            "build_info", "Always 1; its labels say what is served.", 1,
            $"{MetricsWriter.Label("version", EngineVersion.Current)},{MetricsWriter.Label("model", model.Name)},{MetricsWriter.Label("system_fingerprint", model.SystemFingerprint)}");
        text.Counter("prompt_tokens", "Prompt tokens of requests that ran.", statistics.PromptTokens);
        text.Counter("cached_tokens", "Prompt tokens found in the prefix cache.", statistics.CachedTokens);
        text.Counter("ordinary_tokens", "Tokens generated for requests that did not ask for determinism.", statistics.OrdinaryTokens);
        text.Counter("deterministic_tokens", "Tokens generated for deterministic requests.", statistics.DeterministicTokens);
        text.Counter("verification_windows", "Windows that verify passes replayed.", statistics.VerificationWindows);
        text.Counter("verify_rows", "Rows of those windows.", statistics.VerifyRows);
        text.Counter("rollbacks", "Windows of which a draft was rolled back.", statistics.Rollbacks);
        text.Counter("tokens_rolled_back", "Drafts rolled back.", statistics.TokensRolledBack);
        text.Counter("tokens_drafted", "Drafts proposed.", statistics.TokensDrafted);
        text.Counter("tokens_accepted", "Drafts committed.", statistics.TokensAccepted);
        text.Counter("bonus_tokens", "Tokens committed behind windows that were accepted whole.", statistics.BonusTokens);
        text.Counter("preemptions", "Times that a request lost its KV pages.", statistics.Preemptions);
        text.Counter("steps_fast", "Steps under fast numerics.", statistics.FastSteps);
        text.Counter("steps_invariant", "Steps under invariant numerics.", statistics.InvariantSteps);
        text.Counter("requests", "Requests that the engine ended, by how.", [
            (MetricsWriter.Label("outcome", "stop"), statistics.RequestsStopped),
            (MetricsWriter.Label("outcome", "length"), statistics.RequestsAtLength),
            (MetricsWriter.Label("outcome", "cancelled"), statistics.RequestsCancelled),
            (MetricsWriter.Label("outcome", "failed"), statistics.RequestsFailed),
        ]);
        text.Gauge("requests_running", "Requests that the engine runs.", load.Running);
        text.Gauge("requests_waiting", "Requests that wait for the engine.", load.Waiting);
        text.Gauge("requests_serving", "Requests for answers that the server has.", model.State.Serving);
        text.Gauge("kv_pages_free", "KV pages that hold nothing.", load.FreePages);
        text.Gauge("kv_pages_cached", "KV pages kept for prefixes.", load.CachedPages);
        text.Gauge("kv_pages_owned", "KV pages that requests hold.", load.OwnedPages);
        text.Histogram("queue_time", "From the arrival of a request to the step with its first row.", [("", latencies.QueueTime)]);
        text.Histogram("time_to_first_token", "From the arrival of a request to its first committed token.", [("", latencies.TimeToFirstToken)]);
        text.Histogram(
            "time_between_tokens", "From a committed token to the next one of its request; 0 where one step commits both.",
            [("", latencies.TimeBetweenTokens)]);
        text.Histogram("step", "From forming a batch to having its tokens committed.", [("", latencies.Step)]);
        text.Counter("http_requests", "HTTP requests that ended; 499 where the client left first.", http.Requests.Select(pair => (
            $"{MetricsWriter.Label("route", pair.Key.Route)},{MetricsWriter.Label("status", $"{pair.Key.Status}")}", (double)pair.Count)));
        text.Histogram(
            "http_request_duration", "From the headers of an HTTP request to the end of its response.",
            http.Durations.Select(pair => (MetricsWriter.Label("route", pair.Route), pair.Durations)));
        return text.ToString();
    }
}
