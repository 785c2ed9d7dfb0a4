using System.Globalization;
using Llm42.Cli.Options;
using Llm42.Inspection;

namespace Llm42.Cli.Output;

/// <summary>`info` for people: a line per matter.</summary>
internal static class InfoWriter
{
    private const double MiB = 1024.0 * 1024;

    /// <summary>All that needs no look at the weights.</summary>
    public static void Write(ModelInspection inspection)
    {
        ModelDescription model = inspection.Model;
        Line("directory", $"{model.Directory}");
        Line("format", $"{inspection.Format}, {inspection.WeightFiles} {(inspection.WeightFiles == 1 ? "file" : "files")}");
        Line("architecture", $"{model.Architecture}, {model.Layers} layers, {model.HiddenSize} wide");
        if (model.Experts > 0)
            Line("experts", $"{model.Experts} per layer, {model.ExpertsPerToken} for a token");
        Line("attention", $"{model.QueryHeads} query heads, {model.KvHeads} key/value heads of {model.HeadSize}{Window(model)}");
        Line("vocabulary", $"{model.VocabularySize} tokens");
        Line("context", $"{model.MaxContext} tokens");
        Line("parameters", $"{Parameters(model)}; {string.Join(", ", model.Dtypes.Select(Share))}");
        Line("tokenizer", $"{Tokenizer(inspection)}");
        WriteDefaults(inspection.Defaults);
        WriteDevice(inspection.Device);
        WriteMemory(inspection.Memory, inspection.Device);
    }

    /// <summary>What names the model and how it is computed.</summary>
    public static void Write(ModelFingerprint fingerprint)
    {
        Line("fingerprint", $"{fingerprint.Fingerprint}");
        Line("weights digest", $"{fingerprint.WeightsDigest}");
        Line("tokenizer digest", $"{fingerprint.TokenizerDigest ?? "none"}");
        Line("config digest", $"{fingerprint.ConfigDigest}");
    }

    private static void WriteDefaults(DefaultsDescription defaults)
    {
        List<FormattableString> parts = [defaults.Temperature == 0 ? $"greedy" : (FormattableString)$"temperature {defaults.Temperature}"];
        if (defaults.TopP < 1)
            parts.Add($"top-p {defaults.TopP}");
        if (defaults.TopK > 0)
            parts.Add($"top-k {defaults.TopK}");
        if (defaults.MinP > 0)
            parts.Add($"min-p {defaults.MinP}");
        if (defaults.RepetitionPenalty != 1)
            parts.Add($"repetition penalty {defaults.RepetitionPenalty}");
        if (defaults.MaxNewTokens is { } tokens)
            parts.Add($"at most {tokens} tokens");
        else if (defaults.MaxLength is { } length)
            parts.Add($"at most {length} tokens with the prompt");
        if (defaults.StopStrings.Count > 0)
            parts.Add($"{defaults.StopStrings.Count} stop strings");
        Line("defaults", $"{string.Join(", ", parts.Select(FormattableString.Invariant))} ({defaults.Source ?? "no generation config"})");
        Line("end tokens", $"{EndTokens(defaults)}");
    }

    private static void WriteDevice(DeviceDescription device)
    {
        Line("device", $"{EngineWords.Hardware(device)}");
        Line("numerics", $"{device.NumericsProfile}; {EngineWords.FastNumerics(device)} {(device.FastIsInvariant ? "are" : "are not")} invariant");
        Line("determinism", $"{EngineWords.Name(device.Determinism)}; drafter {EngineWords.Name(device.Drafter)}");
    }

    private static void WriteMemory(MemoryDescription memory, DeviceDescription device)
    {
        Line("memory", $"{memory.Total / MiB:0.0} MiB of {memory.Available / MiB:0.0} MiB available");
        Line("  weights", $"{memory.Weights / MiB:0.0} MiB");
        Line("  work space", $"{memory.WorkSpace / MiB:0.0} MiB");
        Line("  rope table", $"{memory.RopeTable / MiB:0.0} MiB");
        Line("  kv cache", $"{memory.KvCache / MiB:0.0} MiB, {device.PageCount} pages of {device.PageSize} positions");
        Line("kv per token", $"{memory.KvBytesPerToken} bytes (bf16 {memory.KvBytesPerTokenBf16}, f32 {memory.KvBytesPerTokenF32})");
        Line("longest context", $"{memory.LongestContext} of {memory.ModelContext} tokens alone, {memory.LongestSharedContext} for each of {memory.MaxSequences} at once");
        if (memory.Problem is not null)
            Line("does not fit", $"{memory.Problem}");
    }

    private static string Window(ModelDescription model) => model.WindowedLayers == 0
        ? ""
        : FormattableString.Invariant($", a window of {model.SlidingWindow} in {model.WindowedLayers} of {model.Layers} layers");

    private static string Parameters(ModelDescription model) => model.ActiveParameterCount == model.ParameterCount
        ? Count(model.ParameterCount)
        : $"{Count(model.ParameterCount)}, of which {Count(model.ActiveParameterCount)} for a token";

    private static string Count(long parameters) => FormattableString.Invariant($"{parameters / 1e6:0.00} M");

    private static string Share(DtypeShare share) => FormattableString.Invariant($"{share.Dtype} {share.Bytes / MiB:0.0} MiB");

    private static string Tokenizer(ModelInspection inspection) => inspection.Tokenizer is { } tokenizer
        ? FormattableString.Invariant($"{tokenizer.Kind}, ids below {tokenizer.VocabularySize}, {tokenizer.SpecialTokens} special; ")
            + (inspection.HasChatTemplate ? "chat template" : "no chat template")
        : "none: prompts must be token ids";

    private static string EndTokens(DefaultsDescription defaults) => defaults.EndTokens.Count == 0
        ? "none"
        : string.Join(", ", defaults.EndTokens.Select(token =>
            token.Id.ToString(CultureInfo.InvariantCulture) + (token.Token is null ? "" : $" {token.Token}"))) + $" ({defaults.EndTokensSource})";

    private static void Line(string name, FormattableString value) =>
        StandardOutput.WriteLine($"{name,-18}{FormattableString.Invariant(value)}");
}
