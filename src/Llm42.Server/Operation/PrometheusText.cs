using System.Globalization;
using System.Text;

namespace Llm42.Server.Operation;

/// <summary>The totals of an engine in Prometheus' text format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All metrics of a server.</summary>
    public static string Of(ServedModel model, ServerState state)
    {
        var statistics = model.Engine.Statistics;
        var load = statistics.Load;
        var text = new StringBuilder();
        Counter("prompt_tokens", "Prompt tokens of requests that ran.", statistics.PromptTokens);
        Counter("cached_tokens", "Prompt tokens found in the prefix cache.", statistics.CachedTokens);
        Counter("ordinary_tokens", "Tokens generated for requests that did not ask for determinism.", statistics.OrdinaryTokens);
        Counter("deterministic_tokens", "Tokens generated for deterministic requests.", statistics.DeterministicTokens);
        Counter("verification_windows", "Windows that verify passes replayed.", statistics.VerificationWindows);
        Counter("verify_rows", "Rows of those windows.", statistics.VerifyRows);
        Counter("rollbacks", "Windows of which a draft was rolled back.", statistics.Rollbacks);
        Counter("tokens_rolled_back", "Drafts rolled back.", statistics.TokensRolledBack);
        Counter("tokens_drafted", "Drafts proposed.", statistics.TokensDrafted);
        Counter("tokens_accepted", "Drafts committed.", statistics.TokensAccepted);
        Counter("bonus_tokens", "Tokens committed behind windows that were accepted whole.", statistics.BonusTokens);
        Counter("preemptions", "Times that a request lost its KV pages.", statistics.Preemptions);
        Counter("steps_fast", "Steps under fast numerics.", statistics.FastSteps);
        Counter("steps_invariant", "Steps under invariant numerics.", statistics.InvariantSteps);
        Head("requests_total", "counter", "Requests that ended, by how.");
        Sample("requests_total{outcome=\"stop\"}", statistics.RequestsStopped);
        Sample("requests_total{outcome=\"length\"}", statistics.RequestsAtLength);
        Sample("requests_total{outcome=\"cancelled\"}", statistics.RequestsCancelled);
        Sample("requests_total{outcome=\"failed\"}", statistics.RequestsFailed);
        Gauge("requests_running", "Requests that the engine runs.", load.Running);
        Gauge("requests_waiting", "Requests that wait for the engine.", load.Waiting);
        Gauge("requests_serving", "Requests for answers that the server has.", state.Serving);
        Gauge("kv_pages_free", "KV pages that hold nothing.", load.FreePages);
        Gauge("kv_pages_cached", "KV pages kept for prefixes.", load.CachedPages);
        Gauge("kv_pages_owned", "KV pages that requests hold.", load.OwnedPages);
        return text.ToString();

        void Counter(string name, string help, long value)
        {
            Head($"{name}_total", "counter", help);
            Sample($"{name}_total", value);
        }

        void Gauge(string name, string help, long value)
        {
            Head(name, "gauge", help);
            Sample(name, value);
        }

        void Head(string name, string type, string help) =>
            text.Append("# HELP llm42_").Append(name).Append(' ').Append(help).Append('\n')
                .Append("# TYPE llm42_").Append(name).Append(' ').Append(type).Append('\n');

        void Sample(string name, long value) =>
            text.Append("llm42_").Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
