using Llm42.Server.Fields;
using Llm42.Server.Http;
using Llm42.Tokenization;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Native;

/// <summary>POST /tokenize and /detokenize.</summary>
internal sealed class TokenizeEndpoints(ServedModel model)
{
    /// <summary>Text in, token ids out.</summary>
    public async Task TokenizeAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, model.Options.MaxBodyBytes).ConfigureAwait(false);
        var fields = new RequestFields(body.RootElement);
        fields.Ignore("model");
        var text = fields.Text("prompt") ?? fields.Text("text") ?? throw fields.Missing("prompt");
        var addSpecialTokens = fields.Boolean("add_special_tokens") ?? true;
        fields.RefuseOthers();
        var ids = Tokenizer.Encode(text, addSpecialTokens);
        await context.Response.WriteAsJsonAsync(
            new TokenizeResponse(ids.Length, model.Engine.Model.MaxContext, ids),
            ServerJson.Default.TokenizeResponse,
            cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Token ids in, text out.</summary>
    public async Task DetokenizeAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, model.Options.MaxBodyBytes).ConfigureAwait(false);
        var fields = new RequestFields(body.RootElement);
        fields.Ignore("model");
        var ids = PromptField.Read(fields, "tokens", tokenizer: null);
        var skipSpecialTokens = fields.Boolean("skip_special_tokens") ?? false;
        fields.RefuseOthers();
        if (ids.Count != 1)
            throw ApiException.Invalid("tokens must be one array of token ids.", "tokens");
        await context.Response.WriteAsJsonAsync(
            new DetokenizeResponse(Tokenizer.Decode(ids[0], skipSpecialTokens)),
            ServerJson.Default.DetokenizeResponse,
            cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private ITokenizer Tokenizer => model.Engine.Tokenizer
        ?? throw ApiException.Invalid("The model has no tokenizer; send token ids to the other endpoints.");
}

/// <summary>Token ids of a text.</summary>
internal sealed record TokenizeResponse(int Count, int MaxModelLen, IReadOnlyList<int> Tokens);

/// <summary>Text of token ids.</summary>
internal sealed record DetokenizeResponse(string Prompt);
