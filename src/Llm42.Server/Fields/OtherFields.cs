using System.Text.Json;
using Llm42.Server.Http;

namespace Llm42.Server.Fields;

/// <summary>Fields of OpenAI's API that no answer depends on, and those that are known but not offered.</summary>
internal static class OtherFields
{
    /// <summary>Passes over the former and refuses the latter by name, unless they ask for what is done anyway.</summary>
    public static void Read(RequestFields fields)
    {
        fields.Ignore("user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "store", "metadata");
        if (fields.Text("service_tier") is { } tier and not ("auto" or "default"))
            throw fields.Unsupported("service_tier", $"\"{tier}\" is not offered; all requests are served alike.");
        if (fields.Find("modalities") is { } modalities
            && !(modalities.ValueKind == JsonValueKind.Array && modalities.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.ValueEquals("text"))))
            throw fields.Unsupported("modalities", "only \"text\" is offered.");
        Refuse("audio", "is not offered; answers are text.");
        Refuse("prediction", "is not offered.");
        Refuse("web_search_options", "is not offered; this server reaches no network.");
        Refuse("functions", "is not offered; use tools.");
        Refuse("function_call", "is not offered; use tool_choice.");
        Refuse("reasoning_effort", "is not offered; what the model's chat template knows can be given in chat_template_kwargs.");
        Refuse("verbosity", "is not offered; say in a message how long answers should be.");

        void Refuse(string name, string reason)
        {
            if (fields.Find(name) is not null)
                throw fields.Unsupported(name, reason);
        }
    }
}
