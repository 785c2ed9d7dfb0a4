using System.IO.Compression;
using System.Security;
using System.Xml.Linq;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

/// <summary>The packages of what is built, in a folder outside of the repository, with a package cache of its own.</summary>
internal sealed class LocalPackages : IDisposable
{
    /// <summary>A version that nobody else's cache can hold.</summary>
    public const string Version = "0.1.0-test";

    private static readonly string[] Projects =
    [
        "bindings/Llm42.Native", "bindings/Llm42.Runtime.Cpu", "src/Llm42.Core", "src/Llm42", "src/Llm42.Extensions.AI", "src/Llm42.Extensions.Hosting",
    ];

    private LocalPackages() => Directory.CreateDirectory(Feed);

    /// <summary>A folder for projects that use the packages.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("llm42-test-").FullName;

    public static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Name == "debug" ? "Debug" : "Release";

    private string Feed => Path.Combine(Folder, "feed");

    /// <summary>Packs what is built.</summary>
    public static async Task<LocalPackages> PackAsync(CancellationToken cancellation)
    {
        var packages = new LocalPackages();
        string script = Path.Combine(packages.Folder, "pack.proj");
        IEnumerable<string> projects = Projects.Select(project => $"{RepositoryRoot.InRoot(project)}/{Path.GetFileName(project)}.csproj");
        await File.WriteAllTextAsync(
            script,
            $"""
            <Project>
              <Target Name="Build">
                <MSBuild Projects="{SecurityElement.Escape(string.Join(';', projects))}" Targets="Pack" BuildInParallel="true"
                         Properties="NoBuild=true;Configuration={Configuration};Version={Version};PackageOutputPath={SecurityElement.Escape(packages.Feed)}" />
              </Target>
            </Project>
            """,
            cancellation);
        Run pack = await Run.ProgramAsync("dotnet", ["msbuild", script, "-v:quiet", "-nologo", "-m"], cancellation: cancellation);
        Assert.AreEqual(0, pack.ExitCode, pack.ToString());
        await packages.ConfigureAsync(cancellation);
        return packages;
    }

    /// <summary>A package.</summary>
    public ZipArchive Open(string name, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{name}.{Version}.{extension}"));

    /// <summary>Names of the packages.</summary>
    public IReadOnlyList<string> Names =>
        [.. Directory.EnumerateFiles(Feed, "*.nupkg").Select(file => Path.GetFileName(file)[..^$".{Version}.nupkg".Length]).Order(StringComparer.Ordinal)];

    /// <summary>What a package says of itself.</summary>
    public XElement Metadata(string name)
    {
        using ZipArchive package = Open(name);
        using Stream stream = package.Entries.Single(entry => entry.FullName == $"{name}.nuspec").Open();
        XElement root = XDocument.Load(stream).Root!;
        return root.Elements().Single();
    }

    /// <summary>Writes a program that refers to packages of ours.</summary>
    public async Task WriteProgramAsync(string name, string program, IEnumerable<string> packages, CancellationToken cancellation)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), program, cancellation);
        await File.WriteAllTextAsync(
            Path.Combine(folder, $"{name}.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Select(package => $"<PackageReference Include=\"{package}\" Version=\"{Version}\" />"))}
              </ItemGroup>
            </Project>
            """,
            cancellation);
    }

    /// <summary>Restores and builds several programs at once.</summary>
    public async Task BuildAsync(IEnumerable<string> names, CancellationToken cancellation)
    {
        string solution = Path.Combine(Folder, "all.slnx");
        await File.WriteAllTextAsync(
            solution, $"<Solution>{string.Concat(names.Select(name => $"<Project Path=\"{name}/{name}.csproj\" />"))}</Solution>", cancellation);
        Run build = await RunAsync(["build", solution, "-c", "Release", "-v", "quiet", "-nologo"], cancellation);
        Assert.AreEqual(0, build.ExitCode, build.ToString());
    }

    /// <summary>Runs a program that was built.</summary>
    public Task<Run> RunProgramAsync(string name, string argument, CancellationToken cancellation) =>
        RunAsync([Path.Combine(Folder, name, "bin", "Release", "net10.0", $"{name}.dll"), argument], cancellation);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The machine's own sources stay; packages that it has already are not fetched again.</summary>
    private Task ConfigureAsync(CancellationToken cancellation)
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string fallback = Directory.Exists(cache)
            ? $"<fallbackPackageFolders><add key=\"machine\" value=\"{SecurityElement.Escape(cache)}\" /></fallbackPackageFolders>"
            : "";
        return File.WriteAllTextAsync(
            Path.Combine(Folder, "nuget.config"),
            $"""
            <configuration>
              <packageSources><add key="llm42-test" value="{SecurityElement.Escape(Feed)}" /></packageSources>
              {fallback}
            </configuration>
            """,
            cancellation);
    }

    private Task<Run> RunAsync(string[] arguments, CancellationToken cancellation) => Run.ProgramAsync(
        "dotnet", arguments, directory: Folder, cancellation: cancellation,
        environment: new Dictionary<string, string> { ["NUGET_PACKAGES"] = Path.Combine(Folder, "packages"), ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" });
}
