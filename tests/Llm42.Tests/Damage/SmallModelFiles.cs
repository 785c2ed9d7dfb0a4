using Llm42.Tests.Inspection;

namespace Llm42.Tests.Damage;

/// <summary>A small sound model of which one file at a time is damaged.</summary>
internal sealed class SmallModelFiles : IDisposable
{
    private static readonly string[] Names =
        ["config.json", "generation_config.json", "tokenizer_config.json", "model.safetensors"];

    private readonly SmallModel _model = new();
    private readonly Dictionary<string, byte[]> _whole;

    public SmallModelFiles()
    {
        _model.Write("tokenizer_config.json", """{"eos_token":"t2"}""");
        _model.WriteWeights();
        _whole = Names.ToDictionary(name => name, name => File.ReadAllBytes(System.IO.Path.Combine(Path, name)));
    }

    public string Path => _model.Path;

    /// <summary>Makes everything whole again but for one file.</summary>
    public void DamageOne(Random random)
    {
        foreach (var (name, content) in _whole)
            _model.Write(name, content);
        var damaged = Names[random.Next(Names.Length)];
        _model.Write(damaged, JsonDamage.DamageBytes(_whole[damaged], random));
    }

    public void Dispose() => _model.Dispose();
}
