using System.Text.Json.Nodes;

namespace Llm42.Server.Tests.Operation;

/// <summary>A request, and its answer by an engine that does nothing else.</summary>
/// <param name="Body">The request, without "stream".</param>
/// <param name="IsDeterministic">Whether the answer must not depend on the load.</param>
/// <param name="Choice">Text, log-probabilities and end of the answer.</param>
/// <param name="Text">Its text.</param>
internal sealed record LoadReference(JsonObject Body, bool IsDeterministic, string Choice, string Text)
{
    private static readonly string[] Prompts = ["In the beginning", "And God said", "Fear ye not", "The Lord is"];

    public static async Task<LoadReference[]> MakeAsync(HttpClient client)
    {
        List<LoadReference> references = [];
        for (int i = 0; i < 2 * Prompts.Length; i++)
        {
            bool isDeterministic = i < Prompts.Length;
            var body = new JsonObject
            {
                ["model"] = "demo",
                ["prompt"] = Prompts[i % Prompts.Length],
                ["max_tokens"] = 8 + (9 * (i % Prompts.Length)),
                ["temperature"] = i % 2 == 0 ? 0.9 : 0,
                ["seed"] = i,
                ["logprobs"] = 1,
                ["ignore_eos"] = true,
                ["is_deterministic"] = isDeterministic,
            };
            using HttpResponseMessage response = await client.PostAsync("/v1/completions", Requests.Json(body.ToJsonString()));
            JsonNode choice = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!;
            references.Add(new LoadReference(body, isDeterministic, choice.ToJsonString(), (string)choice["text"]!));
        }
        return [.. references];
    }

    /// <summary>The request as JSON.</summary>
    public string Json(bool isStreamed)
    {
        JsonNode body = Body.DeepClone();
        body["stream"] = isStreamed;
        return body.ToJsonString();
    }
}
