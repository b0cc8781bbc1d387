//! Sites about a product: its documentation, and pages that advertise it.
//!
//! Such a package is no part of the product if the repository has another one, no package needs
//! it, and a generator of pages makes files of it that need no server.

use std::collections::BTreeSet;

use super::node::NodePackage;
use crate::scan::area_kind::AreaKind;

/// Generators whose only purpose is documentation, or pages of text.
const OF_DOCUMENTATION: [&str; 12] = [
    "@11ty/eleventy",
    "@astrojs/starlight",
    "@docusaurus/core",
    "@rspress/core",
    "docsify-cli",
    "hexo",
    "honkit",
    "rspress",
    "vitepress",
    "vocs",
    "vuepress",
    "@vuepress/cli",
];
/// Generators of pages that also make the pages of applications.
const OF_PAGES: [&str; 2] = ["astro", "gatsby"];
/// Programs of these generators, as commands name them.
const GENERATORS: [&str; 12] = [
    "11ty",
    "astro",
    "docsify",
    "docusaurus",
    "eleventy",
    "gatsby",
    "hexo",
    "honkit",
    "rspress",
    "vitepress",
    "vocs",
    "vuepress",
];
/// What pages need to run on a server, or to keep data of users.
const SERVERS: [&str; 16] = [
    "@astrojs/cloudflare",
    "@astrojs/db",
    "@astrojs/deno",
    "@astrojs/netlify",
    "@astrojs/node",
    "@astrojs/vercel",
    "@prisma/client",
    "drizzle-orm",
    "elysia",
    "express",
    "fastify",
    "hono",
    "koa",
    "mongoose",
    "next",
    "nuxt",
];
/// Files, and folders with `/` at their ends, that only a server reads.
const SERVER_FILES: [&str; 7] = [
    "src/actions/",
    "src/actions.ts",
    "src/api/",
    "src/middleware.js",
    "src/middleware.ts",
    "src/pages/api/",
    "functions/",
];
/// Folders of posts, which only sites have.
const POSTS: [&str; 6] = [
    "src/content/blog/",
    "src/content/posts/",
    "src/pages/blog/",
    "content/blog/",
    "content/posts/",
    "src/content/changelog/",
];

/// Marks the sites among the packages. `has_others` is true if the repository has products of
/// other languages; `has_file` returns whether a folder, by its path with `/` at its end, has a
/// file.
pub(super) fn mark_sites(all: &mut [NodePackage], has_others: bool, has_file: &dyn Fn(&str) -> bool) {
    let used: BTreeSet<String> = all.iter().flat_map(NodePackage::needed).cloned().collect();
    let sites: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, package)| {
            package.may_be_site() && !used.contains(package.name()) && is_site(package, has_file)
        })
        .map(|(at, _)| at)
        .collect();
    // Without another product, the site is the product; so is what it needs itself.
    let is_product = |(at, package): (usize, &NodePackage)| !sites.contains(&at) && package.is_delivered();
    if !has_others && !all.iter().enumerate().any(is_product) {
        return;
    }
    for at in sites {
        if let Some(package) = all.get_mut(at) {
            package.kind = AreaKind::Documentation;
        }
    }
}

/// Returns whether a package is a site by what makes it, and by its name or its posts.
fn is_site(package: &NodePackage, has_file: &dyn Fn(&str) -> bool) -> bool {
    let needs = |names: &[&str]| package.needed().any(|name| names.contains(&name.as_str()));
    // `astro-aws`, `@sea/astro-adapter`
    let is_adapter = |name: &String| {
        name.split(['/', '-'])
            .any(|word| matches!(word, "adapter" | "bun" | "aws" | "sst" | "lambda" | "fly"))
    };
    let has_server = |file: &&str| has_file(&format!("{}/{file}", package.folder));
    let runs_on_server =
        needs(&SERVERS) || package.ships.iter().any(is_adapter) || SERVER_FILES.iter().any(has_server);
    if runs_on_server || !package.is_made_by(&GENERATORS) {
        return false;
    }
    if needs(&OF_DOCUMENTATION) {
        return true;
    }
    let last = package.folder.rsplit('/').next().unwrap_or_default();
    let mut words = last.split(['-', '_', '.']);
    let is_named = words.any(|word| {
        matches!(word, "marketing" | "landing" | "homepage" | "website" | "site" | "www" | "blog")
    });
    let has_posts = || POSTS.iter().any(|posts| has_file(&format!("{}/{posts}", package.folder)));
    needs(&OF_PAGES) && (is_named || has_posts())
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_areas;
    use super::AreaKind::{self, Documentation, Product};

    const SHOP: (&str, &str) =
        ("apps/shop/package.json", r#"{"name": "shop", "private": true, "scripts": {"start": "node a.js"}}"#);
    const POST: (&str, &str) = ("apps/tide/src/content/blog/a.md", "");

    fn check(files: &[(&str, &str)], expected: AreaKind) {
        let folder =
            files.iter().find_map(|(path, _)| path.strip_suffix("/package.json")).unwrap_or_default();
        assert_areas(files, &[(&format!("{folder}/src/pages/a.tsx"), expected)]);
    }

    fn page(needs: &str) -> String {
        format!(r#"{{"name": "tide", "scripts": {{"build": "astro build"}}, "dependencies": {{{needs}}}}}"#)
    }

    #[test]
    fn a_site_beside_a_product_is_documentation() {
        let astro = page(r#""astro": "5""#);
        let docs = page(r#""vitepress": "1""#).replace("astro build", "vitepress build");
        check(&[("apps/tide/package.json", &astro), SHOP, POST], Documentation);
        check(&[("apps/landing/package.json", &astro), SHOP], Documentation);
        check(&[("apps/guide/package.json", &docs), SHOP], Documentation);
        check(
            &[("apps/guide/package.json", &docs), ("Cargo.toml", "[package]\nname = \"shop\"\n")],
            Documentation,
        );
        check(&[("pages/guide/package.json", &docs), ("go.mod", "module example.org/shop\n")], Documentation);
    }

    #[test]
    fn a_site_that_is_the_product_or_a_part_of_it_stays_the_product() {
        let astro = page(r#""astro": "5""#);
        // An application in the same framework, and one with a server.
        check(&[("apps/tide/package.json", &astro), SHOP], Product);
        let server = page(r#""astro": "5", "@astrojs/node": "9""#);
        check(&[("apps/landing/package.json", &server), SHOP, POST], Product);
        // Alone, at the root, needed by another package, and with entries for others.
        check(&[("apps/tide/package.json", &astro), POST], Product);
        assert_areas(
            &[("package.json", &astro), ("src/content/blog/a.md", ""), SHOP],
            &[("src/a.ts", Product)],
        );
        let user = SHOP.1.replace("\"private\"", "\"dependencies\": {\"tide\": \"*\"}, \"private\"");
        check(&[("apps/tide/package.json", &astro), (SHOP.0, &user), POST], Product);
        let entry = astro.replace("\"name\"", "\"exports\": \"./src/a.js\", \"name\"");
        check(&[("apps/tide/package.json", &entry), SHOP, POST], Product);
        // Server code without an adapter, another adapter, and a database.
        for file in ["apps/landing/src/pages/api/a.ts", "apps/landing/src/actions/index.ts"] {
            check(&[("apps/landing/package.json", &astro), SHOP, (file, "")], Product);
        }
        for needs in [r#""astro": "5", "@sea/astro-adapter": "1""#, r#""astro": "5", "@astrojs/db": "1""#] {
            check(&[("apps/landing/package.json", &page(needs)), SHOP], Product);
        }
        // An application with its own documents.
        let docs = page(r#""react": "1", "vitepress": "1""#).replace("astro build", "vite build");
        check(&[("apps/tide/package.json", &docs), SHOP], Product);
        let both = docs.replace("\"build\"", "\"docs:dev\": \"vitepress dev docs\", \"build\"");
        check(&[("apps/tide/package.json", &both), SHOP], Product);
        // What the site needs, settings and tools are no other product.
        let private = r#"{"name": "ui", "private": true, "main": "a.js"}"#;
        check(&[("apps/landing/package.json", &astro), ("packages/ui/package.json", private)], Product);
        check(&[("apps/landing/package.json", &astro), ("package.json", private)], Product);
        let tool = ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\npublish = false\n");
        check(&[("apps/landing/package.json", &astro), tool], Product);
        check(
            &[("apps/landing/package.json", &astro), ("tools/go.mod", "module example.org/gen\n")],
            Product,
        );
        // Another framework of pages.
        check(&[("apps/landing/package.json", &page(r#""next": "15""#)), SHOP], Product);
    }
}
