using Llm42.Server.Http;

namespace Llm42.Server.OpenAi;

/// <summary>How an answer is streamed.</summary>
/// <param name="IncludeUsage">A last event tells the token counts.</param>
internal sealed record StreamOptions(bool IncludeUsage)
{
    /// <summary>Reads "stream" and "stream_options"; null for an answer in one piece.</summary>
    public static StreamOptions? Read(RequestFields fields)
    {
        var isStreamed = fields.Boolean("stream") ?? false;
        var options = fields.Object("stream_options");
        if (options is null)
            return isStreamed ? new StreamOptions(false) : null;
        if (!isStreamed)
            throw fields.Unsupported("stream_options", "only together with stream.");
        var read = new StreamOptions(options.Boolean("include_usage") ?? false);
        if (options.Boolean("include_obfuscation") is true)
            throw options.Unsupported("include_obfuscation", "is not offered.");
        options.RefuseOthers();
        return read;
    }
}
