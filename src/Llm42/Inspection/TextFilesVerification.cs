using Llm42.ChatTemplates;
using Llm42.Generation;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Tokenization;

namespace Llm42.Inspection;

/// <summary>Checks tokenizer.json, tokenizer_config.json and generation_config.json, and that they suit the model.</summary>
internal static class TextFilesVerification
{
    /// <summary>Adds what it finds.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="config">The model; null if config.json cannot be read, and then ranges are not checked.</param>
    /// <param name="findings">Where to.</param>
    public static void Run(ModelFileSet files, ModelConfig? config, List<VerificationFinding> findings)
    {
        var vocabulary = config?.VocabularySize ?? int.MaxValue;
        var tokenizer = ReadTokenizer(files, findings);
        if (tokenizer is not null)
            CompareVocabularies(tokenizer, files.PlaceOf(TokenizerJson.FileName), vocabulary, findings);
        var tokenizerConfig = Try(findings, files.Path, () => files.LoadTokenizerConfig()) ?? new TokenizerConfig(null, null);
        var defaults = Try(findings, files.Path, () => GenerationDefaults.Read(files.GenerationConfig, vocabulary));
        if (tokenizer is not null && tokenizerConfig.EosToken is { } token && !tokenizer.TryGetId(token, out _))
            findings.Add(VerificationFinding.Warning(
                files.PlaceOf(TokenizerConfig.FileName), $"eos_token is \"{token}\", which the tokenizer does not know."));
        Try(findings, files.Path, () => files.LoadChatTemplate()!);
        if (config is null || defaults is null)
            return;
        if (defaults.StopStrings.Count > 0 && tokenizer is null)
            findings.Add(VerificationFinding.Warning(
                files.PlaceOf(GenerationDefaults.FileName), "stop_strings cannot be looked for without a tokenizer."));
        CheckEndTokens(files, EosTokens.Find(defaults, config, tokenizerConfig, tokenizer), tokenizer, findings);
    }

    private static BpeTokenizer? ReadTokenizer(ModelFileSet files, List<VerificationFinding> findings)
    {
        if (!files.HasTokenizer)
        {
            findings.Add(VerificationFinding.Warning(files.Path, $"there is no {TokenizerJson.FileName}: prompts must be token ids."));
            return null;
        }
        return Try(findings, files.Path, () => files.LoadTokenizer()!);
    }

    private static void CompareVocabularies(
        BpeTokenizer tokenizer, string file, int vocabulary, List<VerificationFinding> findings)
    {
        var beyond = 0;
        string? first = null;
        for (var id = vocabulary; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.IdToToken(id) is not { } token)
                continue;
            first ??= $"{id}, \"{token}\"";
            beyond++;
        }
        if (beyond > 0)
            findings.Add(VerificationFinding.Problem(
                file, $"{beyond} tokens have ids beyond the model's vocabulary of {vocabulary}, the first is {first}."));
    }

    private static void CheckEndTokens(
        ModelFileSet files, EosTokens end, BpeTokenizer? tokenizer, List<VerificationFinding> findings)
    {
        if (end.Source is null)
            findings.Add(VerificationFinding.Warning(
                files.Path, "no file names an end token: answers end at their limit or at a stop string only."));
        foreach (var id in end.Ids.Order().Where(id => tokenizer is not null && tokenizer.IdToToken(id) is null))
            findings.Add(VerificationFinding.Warning(
                files.PlaceOf(end.Source!), $"eos_token_id names {id}, which the tokenizer does not know."));
    }

    private static T? Try<T>(List<VerificationFinding> findings, string place, Func<T> read)
        where T : class
    {
        VerificationFinding finding;
        try
        {
            return read();
        }
        catch (ModelFormatException error)
        {
            finding = VerificationFinding.Problem(error.File, error);
        }
        catch (TokenizerFormatException error)
        {
            finding = VerificationFinding.Problem(error.File, error);
        }
        catch (ChatTemplateException error)
        {
            finding = VerificationFinding.Problem(place, $"the chat template cannot be used: {error.Message}");
        }

        // Two things may be read from one file.
        if (!findings.Contains(finding))
            findings.Add(finding);
        return null;
    }
}
