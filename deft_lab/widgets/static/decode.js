// sources core/keys.js core/layout.js core/paper.js core/theme.js core/tree.js core/words.js decode/decode.css decode/film.js decode/layout.js decode/player.js decode/run.js decode/views.js widgets/decode.js build.mjs package-lock.json sha256 29eca988421719c7
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var $,Ce,ft,E,se,V,Ie,R,Ne,ae,re,_t,B=Symbol.for("pv"),J={},Q=[],gt=/^m(i|n|o|s|text|space)$/,ie=Array.isArray,le=Q.slice,C=Object.assign;function P(e){e&&e.parentNode&&e.remove()}function c(e,t,n){var o,r,s,a={},l=arguments.length;for(s in t)s=="key"?o=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return l>2&&(a.children=l>3?le.call(arguments,2):n),q(e,a,o,r,null)}function q(e,t,n,o,r){var s={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:B,__v:r||++Ce,__i:-1,__u:0};return!r&&$.vnode&&$.vnode(s),s}function G(e){return e.children}function K(e,t){this.props=e,this.context=t,this.__g=0}function O(e,t){if(t==null)return e.__&&O(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:O(e)}function yt(e){var t,n=e.__v,o=n.__e,r=[],s=[],a=e.__P;a&&((t=C({constructor:B},n)).__v=n.__v+1,$.vnode&&$.vnode(t),ce(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||O(n),32&n.__u,s),t.__v=n.__v,t.__.__k[t.__i]=t,Ue(r,t,s),n.__=n.__e=null,t.__e!=o&&je(t))}function je(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),je(e)}function Le(e){(8&e.__g||(e.__g|=8,E.push(e),V++))&&se==$.debounceRendering||((se=$.debounceRendering)||queueMicrotask)(qe)}function qe(){try{for(var e,t=1;E.length;)E.length>t&&E.sort(Ie),e=E.shift(),t=E.length,8&e.__g&&yt(e)}finally{(V=E.length)&&(se||queueMicrotask)(qe)}}function Be(e,t,n,o,r,s,a,l,d,f,h){var p,u,i,_,y,x,w=o.__k||Q,g=t.length;for(d=mt(n,t,w,d,g),p=0;p<g;p++)(i=n.__k[p])!=null&&(u=~i.__i&&w[i.__i]||J,i.__i=p,x=ce(e,i,u,r,s,a,l,d,f,h),_=i.__e,(u.ref!=i.ref||8&u.__u)&&(u.ref&&he(u.ref,null,i,u),i.ref&&h.push(i.ref,i.__c||_,i)),y=y||_,4&i.__u?(d=De(i,d,e,!u.__v),u.__e&&(u.__e=null)):typeof i.type=="function"&&x!==void 0?d=x:_&&(d=_.nextSibling),i.__u&=-21);return n.__e=y,d}function mt(e,t,n,o,r){var s,a,l,d,f,h,p,u,i,_=n.length,y=_,x=0,w=0,g=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=g[s]=q(null,a):ie(a)?a=g[s]=q(G,{children:a}):a.constructor===B&&a.__b?a=g[s]=q(a.type,a.props,a.key,a.ref,a.__v):g[s]=a,d=s+x,a.__=e,a.__b=e.__b+1,l=null,~(f=a.__i=xt(a,n,d,y))&&(y--,(l=n[f])&&(l.__u|=2)),l&&l.__v?(a.__u|=16,f==d-1?x--:f==d+1?x++:f!=d&&(f>d?x--:x++,w=1)):(~f||(r>_?x--:r<_&&x++),typeof a.type!="function"&&(a.__u|=4))):g[s]=null;if(w){for(h=[],p=[],s=0;s<r;s++)if((a=g[s])&&16&a.__u){for(x=0,u=h.length;x<u;)h[i=x+u>>1]<a.__i?x=i+1:u=i;h[x]=a.__i,p[s]=x+1}for(x=h.length;s--;)p[s]&&(p[s]==x?x--:g[s].__u|=4)}if(y)for(s=0;s<_;s++)!(l=n[s])||2&l.__u||(l.__e==o&&(o=O(l)),de(l,l));return o}function De(e,t,n,o){var r,s,a,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=De(r[s],t,n,!1));return t}for(t&&!t.parentNode&&(t=O(e))&&!t.parentNode&&(t=null),a=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(a!=l&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function xt(e,t,n,o){var r,s=e.key,a=e.type,l=t[n],d=l&&!(2&l.__u);if(l===null&&s==null||d&&s==l.key&&a==l.type)return n;if(o>(d?1:0)){for(r=n-1;r>=0;r--)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r;for(r=n+1;r<t.length;r++)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r}return-1}function Pe(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function H(e,t,n,o,r){var s,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Pe(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Pe(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=re[t]||(re[t]=bt(t)),(e.__a||(e.__a={}))[t]=ae,s=t!=(t=t.replace(Ne,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function bt(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[R]==null)t[R]=ae++;else if(t[R]<this.__a[e])return;return n($.event?$.event(t):t)}}}function ce(e,t,n,o,r,s,a,l,d,f){var h,p,u,i,_,y,x,w,g,M,k,N,j,m,v,oe,A,L,T=t.type;if(t.constructor!==B)return null;128&n.__u&&(d=32&n.__u,h=n.__c.__z)&&(t.__u|=d,p=s=[],h.nodeType==8?l=z(h,s):s.push(h),l=s[0]||l),(h=$.__b)&&h(t);e:if(typeof T=="function"){u=a.length;try{if(w=t.props,g=(h=T.prototype)&&h.render,M=(h=T.contextType)&&o[h.__c],k=h?M?M.props.value:h.__:o,(i=n.__c)?(t.__c=i,2&i.__g&&(i.__g|=1)):(g?t.__c=i=new T(w,k):(t.__c=i=new K(w,k),i.constructor=T,i.render=kt),M&&M.sub(i),i.state||(i.state={}),i.__n=o,i.__g|=8,i.__h=[],i.__k=[]),g&&(i.__s||(i.__s=i.state),T.getDerivedStateFromProps&&(i.__s==i.state&&(i.__s=C({},i.__s)),C(i.__s,T.getDerivedStateFromProps(w,i.__s)))),_=i.props,y=i.state,i.__v=t,n.__c){if(w!==_&&g&&!T.getDerivedStateFromProps&&i.componentWillReceiveProps&&i.componentWillReceiveProps(w,k),t.__v==n.__v&&!(8&i.__g)||!(4&i.__g)&&i.shouldComponentUpdate&&i.shouldComponentUpdate(w,i.__s,k)===!1){t.__v!=n.__v&&(i.props=w,i.state=i.__s,i.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),Q.push.apply(i.__h,i.__k),i.__k=[],i.__h.length&&a.push(i),l=O(n);break e}i.componentWillUpdate&&i.componentWillUpdate(w,i.__s,k),g&&i.componentDidUpdate&&i.__h.push(function(){i.componentDidUpdate(_,y,x)})}else g&&!T.getDerivedStateFromProps&&i.componentWillMount&&i.componentWillMount(),g&&i.componentDidMount&&i.__h.push(i.componentDidMount);i.context=k,i.props=w,i.__P=e,i.__g&=-5,N=$.__r,j=g?25:0;do i.__g&=-9,N&&N(t),h=i.render(i.props,i.state=i.__s,i.context);while(8&i.__g&&++j<25);g&&(Q.push.apply(i.__h,i.__k),i.__k=[]),i.state=i.__s,i.getChildContext&&(o=C({},o,i.getChildContext())),g&&n.__c&&i.getSnapshotBeforeUpdate&&(x=i.getSnapshotBeforeUpdate(_,y)),m=h&&h.type===G&&h.key==null?h.props.children:h,w.__P&&(h=l,r=(e=w.__P).namespaceURI,d=s=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&de(S,S)}),n.__k=null),l=n.__k?O(n,0):null),l=Be(e,ie(m)?m:[m],t,n,o,r,s,a,l,d,f),w.__P&&(t.__e=null,l=h),t.__u&=-161,p&&p.some(P),i.__h.length&&a.push(i),1&i.__g&&(i.__g&=-4)}catch(S){if(a.length=u,t.__v=null,d||s)if(S&&S.then){if(t.__u|=128|d,s){for(~(A=s.indexOf(l||void 0))||(A=s.length);(L=s[A-1])&&L.nodeType==8;)A--;for(;A<s.length;A++)if(L=s[A])if(s[A]=null,v){if(L==oe)break}else{if(L.nodeType!=8)break;L.data.startsWith("$s")&&(oe=z(v=L))}}if(!v){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;v=l}(h=z(v=t.__c.__z||(t.__c.__z=v)))?(t.__e=v,l=h):t.__e=l,l=l&&l.nextSibling}else s&&s.some(P);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||Fe(t),$.__e(S,t,n)}}else l=t.__e=wt(n.__e,t,n,o,r,s,a,d,f,e);return(h=$.diffed)&&h(t),l}function z(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function Fe(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Fe))}function Ue(e,t,n){for(var o=0;o<n.length;)he(n[o++],n[o++],n[o++]);$.__c&&$.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){$.__e(s,r.__v)}})}function wt(e,t,n,o,r,s,a,l,d,f){var h,p,u,i,_,y,x,w,g=n.props||J,M=t.props,k=t.type;if(k=="svg"?r="http://www.w3.org/2000/svg":k=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(h=0;h<s.length;h++)if((_=s[h])&&(k?_.localName==k:_.nodeType==3)){e=_,s[h]=null;break}}if(!e){if(w=f.ownerDocument||document,!k)return w.createTextNode(M);e=w.createElementNS(r,k,M.is?M:f),l&&($.__m&&$.__m(t,s),l=!1),s=null}if(k){if(f=k=="template"&&e.content||e,s=k=="textarea"&&M.defaultValue!=null?null:s&&le.call(f.childNodes),!l&&s)for(g={},h=0;h<e.attributes.length;h++)g[(_=e.attributes[h]).name]=_.value;for(h in g)_=g[h],h=="dangerouslySetInnerHTML"?u=_:h=="children"||h in M||h=="value"&&"defaultValue"in M||h=="checked"&&"defaultChecked"in M||H(e,h,null,_,r);for(h in M)_=M[h],h=="children"?i=_:h=="dangerouslySetInnerHTML"?p=_:h=="value"?y=_:h=="checked"?x=_:l&&typeof _!="function"||g[h]===_||H(e,h,_,g[h],r);p?(l||u&&(p.__html==u.__html||p.__html==e.innerHTML)||(e.innerHTML=p.__html),t.__k=[]):(u&&(e.textContent=""),(k=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&gt.test(k))&&(r="http://www.w3.org/1999/xhtml"),Be(f,ie(i)?i:[i],t,n,o,r,s,a,s?s[0]:n.__k&&O(n,0),l,d),s&&s.some(P)),l&&k!="textarea"||(h="value",k=="progress"&&y==null?e.removeAttribute(h):y==null||y===e[h]&&(k!="progress"||y)||H(e,h,y,g[h],r),h="checked",x!=null&&x!=e[h]&&H(e,h,x,g[h],r))}else g===M||l&&e.data==M||(e.data=M);return e}function he(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){$.__e(r,n)}}function de(e,t,n){var o,r,s,a;if($.unmount&&$.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||he(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(l){$.__e(l,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&de(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=z(o,s=[]))&&(o==e.__e&&s.some(P),P(r),P(o)),n||P(e.__e),e.__e=e.__c=e.__=null}function kt(e,t,n){return this.constructor(e,n)}function ue(e,t){var n,o,r,s;$.__&&$.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=q(G,{children:[e]}),r=[],s=[],ce(t,t.__k,o||J,J,t.namespaceURI,o?null:t.firstChild?le.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,s),Ue(r,t.__k,s),t.__k.props.children=null}$={__e:function(e,t,n,o){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(l){e=l}}throw V=0,e}},Ce=0,ft=function(e){return e!=null&&e.constructor===B},K.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=C({},this.state)),typeof e=="function"&&(e=e(C({},n),this.props)),e&&(C(n,e),this.__v&&(t&&this.__k.push(t),Le(this)))},K.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Le(this))},K.prototype.render=G,E=[],V=0,Ie=function(e,t){return e.__v.__b-t.__v.__b},R=Symbol(),Ne=/(PointerCapture)$|Capture$/i,ae=0,re={},_t=0;function We(e){return Number.isInteger(e)?Math.abs(e)<1e3?String(e):String(e).replace(/\B(?=(\d{3})+$)/g,","):e.toLocaleString("en-US")}var X=We;function Re(e,t){let n=e*2**(t+1),o=Number.isInteger(n)&&n%2!==0,r=Math.floor(e*10**t),s=o?(r+(r%2===0?0:1))/10**t:e,[a,l]=s.toFixed(t).split("."),d=a.replace(/\B(?=(\d{3})+$)/g,",");return l?`${d}.${l}`:d}var Y=e=>Re(e,2),He=["B","kB","MB","GB","TB"];function Z(e){if(e<1e3)return`${Math.round(e)} B`;let t=1;for(;t<He.length-1&&e>=999.95*1e3**t;)t+=1;let n=e/1e3**t,o=n<99.995?2:1;return`${Re(n,o)} ${He[t]}`}function I(e,t){let n=e.length;for(let[o,r,s]of e.runs)n+=r*Math.max(0,Math.min(s,t-o+1));return n}var D=(e,t)=>e.born<=t&&(e.died===null||t<e.died),pe=(e,t)=>e.spans.some(([n,o])=>n<=t&&(o===null||t<o)),fe=(e,t)=>e.pieces.slice(0,I(e,t)).join("");function ze(e,t){if(t===0||!D(e,t))return 0;let n=e.born<t?I(e,t-1):0;return Array.from(e.pieces.slice(n,I(e,t)).join("")).length}function Ve(e,t){let n=new Array(e.n_pages).fill(null),o=new Map(e.nodes.map(r=>[r.label,r]));for(let[r,s,a,l,d]of e.takes){if(l>t||d!==null&&t>=d)continue;let f=I(o.get(s),t)-a*e.page_size;n[r]={label:s,full:Math.min(e.page_size,f)/e.page_size}}return n}function F(e,t,n){let o=e.bytes[t];return{ours:o[e.method[0]][n],theirs:o[e.baseline[0]][n]}}function ee(e,t,n){if(!D(t,n))return`n${t.label} has just been pruned`;let o=I(t,n),r=Math.ceil(o/e.page_size),s=fe(t,n).replaceAll(`
`,"\u21B5"),a=s?`: \u201C${s.length>90?`\u2026${s.slice(-89)}`:s}\u201D`:"",l=pe(t,n)?", decodes now":"";return`n${t.label}: ${Ke(o,"token")} in ${Ke(r,"page")}${l}${a}`}var Ke=(e,t)=>`${e.toLocaleString("en-US")} ${t}${e===1?"":"s"}`;function _e(e){let t=e.marks.map(([n])=>n);return t.length<=9?t:[...Array(9).keys()].map(n=>t[Math.round(n*(t.length-1)/8)])}function Je(e,t,n){if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=r=>Math.max(0,Math.min(n.n_steps,r));return e.key===" "?o(t+(e.shiftKey?-1:1)):e.key==="ArrowRight"||e.key==="ArrowDown"?o(t+1):e.key==="ArrowLeft"||e.key==="ArrowUp"?o(t-1):e.key==="PageDown"?o(t+10):e.key==="PageUp"?o(t-10):e.key==="Home"?0:e.key==="End"?n.n_steps:/^[1-9]$/.test(e.key)?_e(n)[Number(e.key)-1]??null:null}var me=6.65,[be,we,$t]=[15,14,6],[ge,te,U,xe]=[7,26,14,14],[ye,vt]=[10,420],Mt=[[6,5],[10,3],[16,2]],St=8,At=240,ke=e=>Array.from(e);function Tt(e,t){let n=[],o=ke(e);for(;o.length>t;){let r=o.slice(0,t+1).lastIndexOf(" "),s=r>0?r+1:t;n.push(o.slice(0,s).join("")),o=o.slice(s)}return o.length?[...n,o.join("")]:n}function $e(e){let t=new Map;for(let{label:n,parent:o}of e.nodes)t.set(n,o===null?0:t.get(o)+1);return e.nodes.map(({label:n})=>t.get(n))}function ve(e,t){let n=$e(e),o=new Array(Math.max(...n)+1).fill(ye);e.nodes.forEach((l,d)=>{let f=l.pieces.reduce((h,p)=>h+ke(p).length,0);o[n[d]]=Math.max(o[n[d]],Math.min(vt,f))});let r=Math.trunc((t-2*U-te*(o.length-1)-xe*o.length)/me),s=new Array(o.length).fill(ye),a=o.map((l,d)=>d);for(;a.length;){let l=r-s.reduce((p,u,i)=>p+(a.includes(i)?0:u),0),d=a.reduce((p,u)=>p+Math.sqrt(o[u]),0),f=new Map(a.map(p=>[p,Math.trunc(l*Math.sqrt(o[p])/d)])),h=a.filter(p=>o[p]<=f.get(p));for(let p of h.length?h:a)s[p]=Math.max(ye,h.length?o[p]:f.get(p));a=h.length?a.filter(p=>!h.includes(p)):[]}return s}function Et(e,t){let n=e.nodes.filter(r=>r.died===t&&r.born<t),o=new Set(n.length<=St?n:[]);return e.nodes.flatMap((r,s)=>D(r,t)||o.has(r)?[s]:[]).slice(0,At)}function Ot(e){let t=e.queries.reduce((n,o)=>Math.max(n,o),0);return Mt.find(([n])=>t<=n)?.[1]??1}function Lt(e,t,n,o){let r=Tt(fe(e,t).replaceAll(`
`,"\u21B5"),n);if(r.length<=o)return r;let[s,...a]=r.slice(-o);return[`\u2026${ke(s).slice(1).join("")}`,...a]}function Me(e,t,n,o=$e(e)){let r=Et(e,t),s=Ot(e),a=n.map((u,i)=>U+n.slice(0,i).reduce((_,y)=>_+me*y+xe+te,0)),l=new Map(e.nodes.map(({label:u},i)=>[u,i])),d=new Map;for(let u of r){let i=e.nodes[u],_=Lt(i,t,n[o[u]],s),y=be+we*_.length+$t,x=!D(i,t),w=i.parent===null?null:d.get(l.get(i.parent))??null,g={node:u,x:a[o[u]],y:0,width:me*n[o[u]]+xe,height:y,lines:_,new:ze(i,t),ghost:x,parent:w,kids:[]};w?.kids.push(g),d.set(u,g)}let f=[...d.values()];for(let u of[...f].reverse())u.below=u.kids.length?u.kids.reduce((i,_)=>i+_.whole+ge,-ge):0,u.whole=Math.max(u.height,u.below);f[0].top=U;for(let u of f){u.y=u.top+(u.whole-u.height)/2;let i=u.top+(u.whole-u.below)/2;for(let _ of u.kids)_.top=i,i+=_.whole+ge}let h=Math.max(...f.map(u=>u.x+u.width)),p=Math.max(...f.map(u=>u.y+u.height));return{boxes:f,width:h+U,height:p+U}}var Qe=new WeakMap;function Ge(e,t){let n=Qe.get(e);if(n?.width===t)return n.height;let[o,r]=[ve(e,t),$e(e)],s=Math.max(1,Math.ceil(e.n_steps/60)),a=0;for(let l=0;l<=e.n_steps;l+=s)a=Math.max(a,Me(e,l,o,r).height);return Qe.set(e,{width:t,height:a}),a}var b=e=>Math.round(e*100)/100;var ne=["#56B4E9","#E69F00","#009E73","#CC79A7","#0072B2","#D55E00","#F0E442"],Ae=["","M-1,5L5,-1M3,9L9,3","M-1,3L5,9M3,-1L9,5"],Xe="#111111",Ye="#FFFFFF";function Ze(e){let t=[1,3,5].map(n=>{let o=parseInt(e.slice(n,n+2),16)/255;return o<=.04045?o/12.92:((o+.055)/1.055)**2.4});return .2126*t[0]+.7152*t[1]+.0722*t[2]}function et(e,t){let[n,o]=[Ze(e),Ze(t)].sort((r,s)=>r-s);return(o+.05)/(n+.05)}function tt(e){return Se.has(e)||Se.set(e,et(Xe,e)>=et(Ye,e)?Xe:Ye),Se.get(e)}var Se=new Map;var W=13;function Te(e,t){if(t===e.nodes[0].label)return{color:0,hatch:0};let n=t-1,o=ne.length-1;return{color:1+n%o,hatch:Math.floor(n/o)%Ae.length}}function nt({id:e,film:t,labels:n}){let o=new Map(n.map(r=>Te(t,r)).filter(r=>r.hatch).map(r=>[`${r.color}${r.hatch}`,r]));return c("defs",null,[...o].map(([r,{color:s,hatch:a}])=>c("pattern",{key:r,id:`${e}-${r}`,width:8,height:8,patternUnits:"userSpaceOnUse"},c("rect",{width:8,height:8,fill:ne[s]}),c("path",{d:Ae[a],fill:"none",stroke:tt(ne[s]),"stroke-width":1.1,"stroke-opacity":.5}))))}var ot=(e,{color:t,hatch:n})=>n?{fill:`url(#${e}-${t}${n})`}:void 0;function st({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=Me(t,n,ve(t,o)),l=Math.max(o,a.width);return c("svg",{role:"img","aria-label":`The tree at step ${n}. ${t.sentences[n]}`,width:l,height:a.height,viewBox:`0 0 ${b(l)} ${b(a.height)}`},c(nt,{id:e,film:t,labels:a.boxes.map(d=>t.nodes[d.node].label)}),a.boxes.filter(d=>d.parent).map(d=>c("path",{key:`l${d.node}`,class:"link",d:Pt(d.parent,d),"stroke-dasharray":d.ghost?"3 3":void 0})),a.boxes.map(d=>c(Ct,{key:d.node,id:e,film:t,step:n,box:d,hover:r,setHover:s})))}function Pt(e,t){let[n,o,r,s]=[e.x+e.width,e.y+e.height/2,t.y+t.height/2,te/2];return`M${b(n)},${b(o)}C${b(n+s)},${b(o)} ${b(n+s)},${b(r)} ${b(t.x)},${b(r)}`}function Ct({id:e,film:t,step:n,box:o,hover:r,setHover:s}){let a=t.nodes[o.node],l=Te(t,a.label),d=r===a.label,f=I(a,n).toLocaleString("en-US");return c("g",{"data-node":a.label,class:o.ghost?"ghost":"",onPointerEnter:()=>s?.(a.label),onPointerLeave:()=>s?.(null)},c("title",null,ee(t,a,n)),c("rect",{class:`box${d?" lit":""}`,x:b(o.x),y:b(o.y),width:b(o.width),height:b(o.height),rx:3}),c("rect",{class:`c${l.color}`,style:ot(e,l),x:b(o.x),y:b(o.y),width:5,height:b(o.height)}),c("text",{class:"name",x:b(o.x+9),y:b(o.y+11)},o.ghost?`n${a.label} \xB7 pruned`:`n${a.label} \xB7 ${f}`),c(It,{box:o}),!o.ghost&&pe(a,n)&&c("circle",{class:"seat",cx:b(o.x+o.width+5),cy:b(o.y+o.height/2),r:3}))}function It({box:e}){let t=e.lines.reduce((n,o)=>n+Array.from(o).length,0);return e.lines.map((n,o)=>{let r=Array.from(n),s=Math.max(0,Math.min(r.length,t-e.new));return t-=r.length,c("text",{key:o,class:"mono",x:b(e.x+9),y:b(e.y+be+we*(o+1)-3),"xml:space":"preserve"},r.slice(0,s).join(""),s<r.length&&c("tspan",{class:"new"},r.slice(s).join("")))})}function rt({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=Ve(t,n),l=Math.max(1,Math.floor((o-8)/W)),d=a.filter(Boolean).length,f=W*Math.ceil(t.n_pages/l)+2;return c("svg",{role:"img","aria-label":`KV memory: ${d} of ${t.n_pages} pages are taken.`,width:o,height:f,viewBox:`0 0 ${o} ${f}`},c(nt,{id:e,film:t,labels:[...new Set(a.filter(Boolean).map(({label:h})=>h))]}),a.map((h,p)=>{let[u,i]=[4+W*(p%l),1+W*Math.floor(p/l)],_=W-2;if(!h)return c("rect",{key:p,class:"free",x:u,y:i,width:_,height:_});let y=Te(t,h.label),x=Math.max(3,h.full*_);return c("g",{key:p,"data-node":h.label,onPointerEnter:()=>s?.(h.label),onPointerLeave:()=>s?.(null)},c("title",null,`page ${p}: n${h.label}, ${Math.round(h.full*t.page_size)} of ${t.page_size} slots`),c("rect",{class:"free",x:u,y:i,width:_,height:_}),c("rect",{class:`c${y.color}${r===h.label?" lit":""}`,style:ot(e,y),x:u,y:b(i+_-x),width:_,height:b(x)}))}))}function at({film:e,account:t,step:n,width:o}){let{ours:r,theirs:s}=F(e,t,n),a=Math.max(1,...Object.values(F(e,t,e.n_steps))),l=(f,h,p)=>c("div",{class:"deft-bytes-row"},c("span",{class:"who"},h),c("span",{class:"track"},c("span",{class:`bar ${f}`,style:{width:`${100*p/a}%`}})),c("span",{class:"value"},Z(p))),d=r?`${Y(s/r)} times as many bytes without the tree`:"no decode yet";return c("div",{class:"deft-bytes"},l("ours",e.method[1],r),l("theirs",e.baseline[1],s),c("p",{class:"ratio"},d),c(Nt,{film:e,account:t,step:n,width:o}))}function Nt({film:e,account:t,step:n,width:o}){let[r,s]=[70,Math.max(1,e.n_steps)],a=Math.max(1,...Object.values(F(e,t,e.n_steps))),l=u=>4+(o-8)*u/s,d=u=>r-3-(r-8)*u/a,f=Math.max(1,Math.ceil(s/200)),h=u=>`M${e.bytes[t][u].flatMap((_,y)=>y%f===0||y===e.n_steps?[`${b(l(y))},${b(d(_))}`]:[]).join("L")}`,p=F(e,t,n);return c("svg",{role:"img","aria-label":`Bytes of all decodes so far, over the steps; at step ${n}: ${Z(p.ours)} against ${Z(p.theirs)}.`,width:o,height:r,viewBox:`0 0 ${o} ${r}`},c("path",{class:"axis",d:`M4,${r-2.5}H${o-4}`}),c("path",{class:"axis now",d:`M${b(l(n))},2V${r-3}`}),c("path",{class:"curve theirs",d:h(e.baseline[0])}),c("path",{class:"curve ours",d:h(e.method[0])}),c("circle",{class:"spot theirs",cx:b(l(n)),cy:b(d(p.theirs)),r:3.5}),c("circle",{class:"spot ours",cx:b(l(n)),cy:b(d(p.ours)),r:3.5}))}var it=`/* the decode player: the tree with its texts, the pool, the bytes, and the live decode */
.deft-decode {
  max-width: 1100px;
}
.deft-decode h4 {
  margin: 12px 0 4px;
  font-size: 12px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-decode h4 select {
  font-weight: 400;
}
.deft-decode p {
  margin: 0 0 4px;
  color: var(--deft-ink);
}
.deft-decode .deft-note {
  padding-left: 8px;
  border-left: 3px solid var(--deft-mark);
}
.deft-decode .deft-sentence {
  min-height: 2.9em;
}
.deft-decode .deft-under {
  min-height: 1.4em;
  color: var(--deft-muted);
  overflow: hidden;
  white-space: nowrap;
  text-overflow: ellipsis;
}
.deft-decode-tree {
  max-height: 440px;
  overflow: auto;
}
.deft-decode-tree svg,
.deft-decode svg {
  display: block;
}
.deft-decode svg .box {
  fill: var(--deft-faint);
  stroke: none;
}
.deft-decode svg .box.lit {
  stroke: var(--deft-ink);
  stroke-width: 1.5;
}
.deft-decode svg .ghost .box {
  fill: none;
  stroke: var(--deft-line);
  stroke-width: 1;
  stroke-dasharray: 3 3;
}
.deft-decode svg .ghost text {
  fill: var(--deft-muted);
}
.deft-decode svg .name {
  font-weight: 600;
}
.deft-decode svg .mono {
  font: 11px var(--deft-mono);
  white-space: pre;
}
.deft-decode svg .new {
  font-weight: 700;
  text-decoration: underline;
}
.deft-decode svg .free {
  fill: var(--deft-faint);
}
.deft-decode svg .axis {
  fill: none;
  stroke: var(--deft-line);
}
.deft-decode svg .now {
  stroke-dasharray: 2 2;
}
.deft-decode svg .curve {
  fill: none;
  stroke-width: 2;
}
.deft-decode svg .curve.ours { stroke: var(--deft-e4); }
.deft-decode svg .curve.theirs { stroke: var(--deft-e5); stroke-dasharray: 6 3; }
.deft-decode svg .spot.ours { fill: var(--deft-e4); }
.deft-decode svg .spot.theirs { fill: var(--deft-e5); }
.deft-bytes-row {
  display: grid;
  grid-template-columns: 9.5em 1fr 6.5em;
  gap: 8px;
  align-items: center;
  margin: 2px 0;
}
.deft-bytes .track {
  display: block;
  height: 12px;
  background: var(--deft-faint);
}
.deft-bytes .bar {
  display: block;
  height: 12px;
}
.deft-bytes .bar.ours { background: var(--deft-e4); }
.deft-bytes .bar.theirs {
  background: repeating-linear-gradient(135deg, var(--deft-e5) 0 6px, transparent 6px 8px);
}
.deft-bytes .value {
  font-weight: 600;
  text-align: right;
}
.deft-decode .ratio {
  margin: 2px 0 6px;
}
.deft-decode .deft-scrub {
  margin-top: 8px;
}
.deft-marks {
  position: relative;
  height: 17px;
  margin: 0 8px;
}
.deft-marks span {
  position: absolute;
  width: 13px;
  margin-left: -6px;
  padding-top: 5px;
  font-size: 10.5px;
  line-height: 12px;
  text-align: center;
  color: var(--deft-muted);
  cursor: pointer;
}
.deft-marks span::before {
  content: "";
  position: absolute;
  top: 0;
  left: 6px;
  height: 5px;
  border-left: 1px solid var(--deft-line);
}
.deft-marks span.prune::before {
  border-left-style: dotted;
}
.deft-decode .deft-transport {
  margin-top: 4px;
}
.deft-decode td.good { color: var(--deft-good); }
.deft-decode td.bad { color: var(--deft-bad); font-weight: 600; }
.deft-decode .deft-live {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 12px;
  align-items: center;
  margin: 4px 0 8px;
  padding: 6px 8px;
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode .deft-live p {
  margin: 0;
}
.deft-decode .deft-live details {
  flex-basis: 100%;
  margin-top: 2px;
}
.deft-decode .deft-go {
  font-weight: 600;
}
`;var qt=[.5,1,2,4,8],Bt=440,Dt=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["PageUp PageDown","ten steps"],["Home End","first and last"],["1 \u2026 9","forks and prunes"],["P","play or pause"],["?","these keys"]];function Ee({id:e,film:t,step:n,account:o,theme:r,live:s={},playing:a,speed:l,width:d=800,hover:f=null,moves:h}){let p=Math.min(n,t.n_steps),u=Math.max(240,d-26),i=f===null?void 0:t.nodes.find(({label:y})=>y===f),_={film:t,step:p,width:u,hover:f,setHover:h.hover};return c("section",{class:"deft deft-played deft-decode","data-theme":r,tabIndex:0,"aria-label":`${t.title}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:h.key},c("style",null,it),c("h3",null,t.title),t.note?c("p",{class:"deft-note"},t.note):null,s.state?c(Ut,{live:s,moves:h}):null,c("p",{class:"deft-sentence",role:"status","aria-live":a||s.state==="running"?"off":"polite"},c("b",null,`Step ${p}. `),t.sentences[p]),c("div",{class:"deft-decode-tree",tabIndex:0,role:"region","aria-label":"The tree with its texts",style:{minHeight:`${Math.min(Bt,Ge(t,u))}px`}},c(st,{..._,id:`${e}t`})),c("p",{class:"deft-under deft-hint"},i?ee(t,i,p):"Point at a node or a page to see what it holds."),c("h4",null,"KV memory"),c("p",{class:"deft-line"},Ft(t,p)),c(rt,{..._,id:`${e}p`}),c("h4",null,c("label",{for:`${e}-account`},"Bytes of all decodes so far, account "),c("span",{class:"deft-on-paper"},o),c("select",{id:`${e}-account`,onChange:y=>h.account(y.target.value)},Object.keys(t.bytes).map(y=>c("option",{value:y,selected:y===o},y)))),c(at,{film:t,account:o,step:p,width:u}),c(Wt,{id:e,film:t,step:p,moves:h}),c(Ht,{id:e,film:t,step:p,playing:a,speed:l,moves:h}),c(Rt,{film:t}),c("details",{class:"deft-keys"},c("summary",null,"Keys"),c("p",null,Dt.flatMap(([y,x],w)=>[w?", ":"",c("kbd",null,y),` ${x}`]),"; they work while the player has the focus.")))}function Ft(e,t){let[n,o]=[e.stored[t],e.copies[t]],r=o>n?`; a copy for each branch would hold ${X(o)}, ${Y(o/n)} times as many`:"";return`${X(n)} tokens stored, in pages of ${e.page_size}${r}.`}function Ut({live:e,moves:t}){let n=e.state==="running"||e.state==="checking";return c("div",{class:`deft-live ${e.state}`},c("button",{type:"button",class:"deft-go",onClick:n?t.stop:t.decode},n?"\u25A0 Stop":e.state==="ready"?"\u25B6 Decode":"\u21BB Decode again"),c("p",{role:"status"},e.words),e.checks?.length?c("details",{open:!0},c("summary",null,"Tree against sequential, branch by branch"),c("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Tree against sequential"},c("table",null,c("thead",null,c("tr",null,["branch","tokens","same tokens","largest difference of logits",""].map(o=>c("th",{scope:"col"},o)))),c("tbody",null,e.checks.map(o=>c("tr",{key:o.leaf},c("td",null,`n${o.leaf}`),c("td",null,o.tokens),c("td",null,o.same),c("td",null,o.difference.toExponential(1)),c("td",{class:o.equal?"good":"bad"},o.equal?"\u2713 equal":"\u2717 differs"))))))):null)}function Wt({id:e,film:t,step:n,moves:o}){let r=Math.max(1,t.n_steps),s=_e(t);return c("div",{class:"deft-scrub"},c("input",{type:"range",id:`${e}-scrub`,min:0,max:t.n_steps,value:n,"aria-label":"Step","aria-valuetext":`step ${n} of ${t.n_steps}`,onInput:a=>o.go(a.target.valueAsNumber)}),c("div",{class:"deft-marks","aria-hidden":"true"},t.marks.map(([a,l,d])=>c("span",{key:a,class:l,title:`step ${a}: ${d}`,style:{left:`${100*a/r}%`},onClick:f=>o.go(a,f)},s.includes(a)?s.indexOf(a)+1:""))))}function Ht({id:e,film:t,step:n,playing:o,speed:r,moves:s}){let a=t.n_steps,l=(d,f,h)=>c("button",{type:"button","aria-label":d,title:d,disabled:h===n,onClick:p=>s.go(h,p)},f);return c("div",{class:"deft-transport"},l("First step","|\u25C0",0),l("Step before","\u25C0",Math.max(0,n-1)),c("button",{type:"button","aria-pressed":String(o),onClick:s.play},o?"\u275A\u275A Pause":"\u25B6 Play"),l("Next step","\u25B6",Math.min(a,n+1)),l("Last step","\u25B6|",a),c("label",{for:`${e}-speed`},"Speed"),c("select",{id:`${e}-speed`,onChange:d=>s.speed(Number(d.target.value))},qt.map(d=>c("option",{value:d,selected:d===r},`${d}\xD7`))),c("span",{class:"deft-count"},`step ${n} of ${a}`))}function Rt({film:e}){let t=e.sentences.map((n,o)=>c("tr",{key:o},c("td",null,o),c("td",null,n),c("td",null,X(e.copies[o]))));return c("details",null,c("summary",null,"All steps as a table"),c("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"All steps"},c("table",null,c("thead",null,c("tr",null,["step","what happens","tokens with a copy per branch"].map(n=>c("th",{scope:"col"},n)))),c("tbody",null,t))))}function lt(e,t,{play:n,move:o,targetOf:r}){let s=e.key.toLowerCase()==="p"&&!e.ctrlKey&&!e.metaKey&&!e.altKey,a=e.key==="?",l=s||a?null:r(e);!s&&!a&&l===null||(e.preventDefault(),e.stopPropagation(),a?t.querySelector(".deft-keys").toggleAttribute("open"):s?n():o(l))}var Oe=!1;globalThis.addEventListener?.("beforeprint",()=>Oe=!0);globalThis.addEventListener?.("afterprint",()=>Oe=!1);var ct=e=>Oe?690:e;function ht(e){return globalThis.addEventListener?.("beforeprint",e),globalThis.addEventListener?.("afterprint",e),()=>{globalThis.removeEventListener?.("beforeprint",e),globalThis.removeEventListener?.("afterprint",e)}}var dt=["film","step","account","theme","live"],ut=400;function pt({model:e,el:t}){let n=`deft-decode-${Math.random().toString(36).slice(2)}`,[o,r,s,a,l,d]=[!1,1,null,null,800,null],f=m=>e.get(m);function h(m,v){f(m)!==v&&(e.set(m,v),e.save_changes())}function p(m){h("step",Math.max(0,Math.min(f("film").n_steps,m))),g()}function u(){f("step")>=f("film").n_steps?i():p(f("step")+1)}function i(){clearInterval(s),[o,s]=[!1,null],g()}function _(){if(o)return i();f("step")===f("film").n_steps&&p(0),o=!0,s=setInterval(u,ut/r),g()}let y=m=>m?.detail&&t.querySelector(".deft-decode")?.focus({preventScroll:!0}),x={go(m,v){p(m),y(v)},play(m){_(),y(m)},speed(m){r=m,o&&(clearInterval(s),s=setInterval(u,ut/r)),g()},account:m=>h("account",m),hover(m){a!==m&&(a=m,g())},decode(){o&&i(),e.send({type:"decode"})},stop:()=>e.send({type:"stop"}),key(m){let v=m.target.tagName;v==="SELECT"||(v==="BUTTON"||v==="SUMMARY")&&(m.key===" "||m.key==="Enter")||(m.target.classList.contains("deft-decode-tree")||m.target.classList.contains("deft-table"))&&/^(Arrow|Page|Home|End)/.test(m.key)||lt(m,t,{play:_,move:p,targetOf:A=>Je(A,f("step"),f("film"))})}};function w(){let m=Object.fromEntries(dt.map(v=>[v,f(v)]));ue(c(Ee,{id:n,...m,playing:o,speed:r,width:l,hover:a,moves:x}),t)}function g(){d??=requestAnimationFrame(()=>{d=null,w()})}function M(m=g){let v=Math.min(1100,ct(Math.round(t.clientWidth)));!v||Math.abs(v-l)<4||(l=v,m())}let k=new ResizeObserver(()=>M());k.observe(t);let N=ht(()=>M(w)),j=dt.map(m=>`change:${m}`);return j.forEach(m=>e.on(m,g)),g(),()=>{clearInterval(s),cancelAnimationFrame(d),k.disconnect(),N(),j.forEach(m=>e.off(m,g)),ue(null,t)}}var Sn={render:e=>pt(e)};export{Ee as DecodeView,Sn as default};
