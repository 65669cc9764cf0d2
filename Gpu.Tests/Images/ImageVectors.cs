using System.IO.Compression;
using System.Text.Json;

namespace Gpu.Tests.Images;

/// <summary>The image files that <c>Vectors/make_image_vectors.py</c> wrote, and what Pillow reads from them.</summary>
internal static class ImageVectors
{
    private static readonly Lazy<Content> Loaded = new(() =>
        JsonSerializer.Deserialize<Content>(File.ReadAllText(PathOf("expected.json")), new JsonSerializerOptions { PropertyNameCaseInsensitive = true })!);

    public static IEnumerable<string> Names => Loaded.Value.Files.Keys;

    public static byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>Height, width, and red, green and blue of each pixel.</summary>
    public static (int Height, int Width, byte[] Rgb) Expected(string name)
    {
        var picture = Loaded.Value.Pictures[Loaded.Value.Files[name]];
        var rgb = new byte[picture.Width * picture.Height * 3];
        using var stream = new ZLibStream(new MemoryStream(Convert.FromBase64String(picture.Rgb)), CompressionMode.Decompress);
        stream.ReadExactly(rgb);
        return (picture.Height, picture.Width, rgb);
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Images", "Vectors", name);

    private sealed record Content(Dictionary<string, int> Files, Picture[] Pictures);

    private sealed record Picture(int Width, int Height, string Rgb);
}
